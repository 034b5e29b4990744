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
fn what_is_elsewhere_is_a_note() {
    for text in ["data: ./lab\n", "base:\n  debian:\n    keyring: /k\n", "gateway:\n  npm:\n    directory: ./g\n"] {
        let report = judge(&[("podclaw.yaml", text)], None);
        let notes: Vec<_> = report.findings.iter().map(|finding| (&*finding.rule, finding.severity)).collect();
        assert_eq!(notes, [("lab-sources", Severity::Note)], "{text}");
    }
}
