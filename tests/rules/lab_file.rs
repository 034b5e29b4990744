//! The lab file.

use super::{found, judge};
use podclaw::rules::Severity;

#[test]
fn what_is_harmless_passes() {
    let print = format!("ab{}", "cd".repeat(31));
    for text in [
        "# nothing\n".to_owned(),
        "# nothing\n\n# more\n".into(),
        "name: t1\n".into(),
        "pool:\n  driver: zfs\n  size: 50GiB\n".into(),
        "limits:\n  cpu: \"2\"\n  memory: 5GiB\n  processes: \"1000\"\n  disk: 10GiB\n".into(),
        "totals:\n  guests: \"3\"\n  cpu: \"8\"\n  memory: 9GiB\n  processes: \"6144\"\n  disk: 30GiB\n".into(),
        "profiles: [guest, large]\n".into(),
        "network:\n  subnet: 192.168.7.1/24\n".into(),
        "data: ./lab\n".into(),
        "network:\n  egress:\n    mode: sealed\n".into(),
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: 203.0.113.0/24\n        ports: [443, \"8000-8010\"]\n".into(),
        format!(
            "base:\n  image-server:\n    url: https://images.example\n    protocol: simplestreams\n    fingerprint: \"{print}\"\n"
        ),
        format!("gateway:\n  registry:\n    reference: registry.example/a@sha256:{print}\n"),
    ] {
        assert_eq!(found("podclaw.yaml", &text), [""; 0], "{text}");
    }
}

#[test]
fn nothing_is_talked_round() {
    for (text, rule) in [
        ("limit:\n  cpu: \"2\"\n", "lab-file-invalid"),
        ("Name: t1\n", "lab-file-invalid"),
        ("name: \"../x\"\n", "lab-file-invalid"),
        ("network:\n  subnet: 8.8.8.1/24\n", "lab-file-invalid"),
        ("network:\n  subnet: 10.0.0.0/8\n", "lab-file-invalid"),
        ("network:\n  subnet: 10.0.0.0/24\n", "lab-file-invalid"),
        ("network:\n  parent: eth0\n", "lab-file-invalid"),
        ("limits:\n  memory: \"0\"\n", "lab-file-invalid"),
        ("limits:\n  memory: \"\"\n", "lab-file-invalid"),
        ("limits:\n  memory: 101%\n", "lab-file-invalid"),
        ("limits:\n  processes: \"-1\"\n", "lab-file-invalid"),
        ("limits:\n  memory: 5gib\n", "lab-file-invalid"),
        ("pool:\n  driver: lvm\n", "lab-file-invalid"),
        ("pool:\n  driver: Dir\n", "lab-file-invalid"),
        ("gateway:\n  registry:\n    reference: registry.example/openclaw:latest\n", "lab-file-invalid"),
        ("gateway:\n  archive:\n    path: a.tar\n", "lab-file-invalid"),
        ("base:\n  image-server:\n    url: https://images.example\n    protocol: simplestreams\n", "lab-file-invalid"),
        (
            "base:\n  image-server:\n    url: ftp://images.example\n    protocol: simplestreams\n    fingerprint: x\n",
            "lab-file-invalid",
        ),
        ("- name: t1\n", "lab-file-invalid"),
        ("network: {egress: {mode: closed}}\n", "lab-file-invalid"),
        ("network: {egress: {mode: sealed, allow: [{to: \"203.0.113.9\", ports: [443]}]}}\n", "lab-file-invalid"),
        ("network: {egress: {allow: [{to: \"203.0.113.9\", ports: []}]}}\n", "lab-file-invalid"),
        ("network: {egress: {allow: [{to: 0.0.0.0/0, ports: [443]}]}}\n", "lab-file-invalid"),
        ("network: {egress: {allow: [{to: \"169.254.169.254\", ports: [80]}]}}\n", "lab-file-invalid"),
        ("network: {subnet: 10.9.0.1/24, egress: {allow: [{to: \"10.9.0.7\", ports: [80]}]}}\n", "lab-file-invalid"),
        ("network: {egress: {allow: [{to: \"192.168.77.9\", ports: [443]}]}}\n", "lab-egress-private"),
        ("network: {egress: {allow: [{to: 100.64.0.0/10, ports: [443]}]}}\n", "lab-egress-private"),
        ("network: {egress: {allow: [{to: 169.0.0.0/8, ports: [443]}]}}\n", "lab-egress-private"),
        ("network: {egress: {mode: allowlist, allow: [{to: 203.0.0.0/15, ports: [443]}]}}\n", "lab-egress-wide"),
        (
            "network: {egress: {mode: allowlist, allow: [{to: \"203.0.113.9\", ports: [\"1-1001\"]}]}}\n",
            "lab-egress-wide",
        ),
        (
            "network: {egress: {mode: allowlist, allow: [{to: \"203.0.113.9\", ports: [\"53\"]}]}}\n",
            "lab-egress-resolver",
        ),
        (
            "network: {egress: {mode: allowlist, allow: [{to: \"203.0.113.9\", protocol: udp, ports: [853]}]}}\n",
            "lab-egress-resolver",
        ),
        (
            "network: {egress: {mode: allowlist, allow: [{to: \"203.0.113.9\", ports: [\"20-30\"]}]}}\n",
            "lab-egress-mail",
        ),
        ("network: {egress: {allow: [{to: \"203.0.113.9\", ports: [443]}]}}\n", "lab-egress-open"),
        ("network: {egress: {allow: [{to: api.example.com, ports: [443]}]}}\n", "lab-egress-open"),
        ("name: [t1]\n", "lab-file-invalid"),
        ("pool:\n  driver: dir\n", "lab-pool"),
        ("pool:\n  driver: \"dir\"\n", "lab-pool"),
        ("pool: {driver: dir}\n", "lab-pool"),
        ("pool:\n  device: /dev/sdb\n", "lab-pool"),
        ("limits:\n  memory: 100%\n", "lab-limits"),
        ("limits:\n  memory: 81%\n", "lab-limits"),
        ("limits:\n  processes: \"4000000\"\n", "lab-limits"),
        ("limits:\n  disk: 31GiB\n", "lab-limits"),
        ("pool:\n  size: 5GiB\nlimits:\n  disk: 6GB\n", "lab-limits"),
        ("limits:\n  memory: 50%\n", "lab-totals"),
        ("totals:\n  disk: 31GiB\n", "lab-totals"),
        ("totals:\n  processes: \"9999999\"\n", "lab-totals"),
        ("totals:\n  memory: 2GiB\n", "lab-totals-misfit"),
        ("totals:\n  cpu: \"1\"\n", "lab-totals-misfit"),
        ("totals:\n  disk: 11GiB\n", "lab-totals-misfit"),
        ("limits:\n  memory: 10%\ntotals:\n  memory: 20GiB\n", "lab-totals-misfit"),
        ("limits:\n  cpu: \"0,2\"\ntotals:\n  cpu: \"4\"\n", "lab-totals-misfit"),
        ("totals:\n  memory: 50%\n", "lab-file-invalid"),
        ("totals:\n  guests: \"0\"\n", "lab-file-invalid"),
        ("totals:\n  guests: \"-1\"\n", "lab-file-invalid"),
        ("totals:\n  cpus: \"1\"\n", "lab-file-invalid"),
        ("profiles: []\n", "lab-profiles"),
        ("profiles: [large]\n", "lab-profiles"),
        ("profiles: [small, guest]\n", "lab-profiles"),
        ("profiles: [Guest]\n", "lab-profiles"),
        ("name: t1\nname: t2\n", "yaml-ambiguous"),
        ("pool: &a\n  driver: zfs\n", "yaml-ambiguous"),
        ("name: !!str t1\n", "yaml-ambiguous"),
        ("name: t1\n---\nname: t2\n", "yaml-ambiguous"),
        ("name: t1 # x\u{85}pool: {driver: dir}\n", "yaml-hidden"),
        ("limits:\n  cpu: 0x2\n", "yaml-untyped"),
        ("name: ~\n", "yaml-untyped"),
        ("name:\n", "yaml-untyped"),
        ("name: [\n", "yaml-syntax"),
        ("%YAML 1.1\n---\nname: t1\n", "yaml-ambiguous"),
    ] {
        let rules = found("podclaw.yaml", text);
        assert!(rules.iter().any(|found| found == rule), "{rule}: {text}: {rules:?}");
    }
}

#[test]
fn a_finding_has_its_place() {
    let report = judge(&[("podclaw.yaml", "name: t1\npool:\n  sise: 1GiB\n")], None);
    let place = report.findings[0].place().expect("it is in the file");
    assert_eq!((place.span.line, place.span.column), (3, 3));
}

#[test]
fn an_allowance_is_judged_at_its_place() {
    let allow = "network:\n  egress:\n    mode: allowlist\n    allow:\n      - {to: \"203.0.113.9\", ports: [443]}\n      - ports: [25]\n        to: \"192.168.77.9\"\n";
    let report = judge(&[("podclaw.yaml", allow)], None);
    let found: Vec<_> =
        report.findings.iter().map(|one| (&*one.subject, one.place().map(|place| place.span.line))).collect();
    assert_eq!(found, [("network.egress.allow[1].ports", Some(6)), ("network.egress.allow[1].to", Some(7))]);
    let name = "network: {egress: {mode: allowlist, allow: [{to: api.example.com, ports: [443]}]}}\n";
    let report = judge(&[("podclaw.yaml", name)], None);
    let notes: Vec<_> = report.findings.iter().map(|finding| (&*finding.rule, finding.severity)).collect();
    assert_eq!(notes, [("lab-egress-name", Severity::Note)]);
}

#[test]
fn what_is_elsewhere_is_a_note() {
    for text in ["data: ./lab\n", "base:\n  debian:\n    keyring: /k\n", "gateway:\n  npm:\n    directory: ./g\n"] {
        let report = judge(&[("podclaw.yaml", text)], None);
        let notes: Vec<_> = report.findings.iter().map(|finding| (&*finding.rule, finding.severity)).collect();
        assert_eq!(notes, [("lab-sources", Severity::Note)], "{text}");
    }
}
