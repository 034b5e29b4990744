//! Profiles, alone and merged: the floor under every guest, and what a finding says.

use podclaw::names::LabName;
use podclaw::profile::{Effective, Layer, Library, Limits, Stack};
use podclaw::rules::{Finding, profile};

use super::{found, judge};

/// The shipped stack of these names for the lab `t1`.
fn shipped(names: &[&str]) -> Stack {
    let library = Library::built_in().unwrap().for_lab(&lab(), &Limits::default());
    library.stack(names.iter().copied()).unwrap()
}

fn lab() -> LabName {
    "t1".parse().unwrap()
}

fn config(pairs: &[(&str, &str)]) -> Layer {
    let config = pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Layer { config, ..Layer::default() }
}

/// What is found, without what it looks like.
fn brief(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.rule.as_ref(), finding.subject.as_str())).collect()
}

/// The findings that count in files, as `origin: message [rule]`, with the related places behind.
fn said(files: &[(&str, &str)], stack: &[&str]) -> Vec<String> {
    let report = judge(files, Some(stack));
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    let show = |finding: &Finding| {
        let related = finding.related.iter().map(|related| format!(" ({}: {})", related.origin, related.message));
        format!("{finding}{}", related.collect::<String>())
    };
    report.findings.iter().filter(|finding| finding.counts()).map(show).collect()
}

#[test]
fn the_shipped_profiles_are_fine() {
    let files = ["guest", "standard", "small", "large"].map(|name| {
        let path = format!("profiles/{name}.yaml");
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        (path, text)
    });
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let report = judge(&files, None);
    assert!(!report.has_findings() && report.failures.is_empty(), "{report:?}");
    assert_eq!(report.stacks, [["guest", "standard"]]);
    for size in ["standard", "small", "large"] {
        assert_eq!(profile::stack(&shipped(&["guest", size]), &Layer::default(), &lab()), [], "{size}");
    }
}

#[test]
fn what_is_ambiguous_is_found() {
    assert_eq!(found("a.yaml", "description: x\nconfig:\n  a: &b c\n"), ["yaml-ambiguous"]);
}

#[test]
fn what_podclaw_itself_sets_passes() {
    let instance = config(&[
        ("cloud-init.user-data", "#cloud-config\nruncmd: []\n"),
        ("user.podclaw.lab", "t1"),
        ("user.podclaw.receipt", r#"{"version":1}"#),
    ]);
    assert_eq!(profile::stack(&shipped(&["guest", "standard"]), &instance, &lab()), []);
}

#[test]
fn what_an_instance_must_not_set() {
    for (key, value, rule) in [
        ("raw.lxc", "x", "raw-config"),
        ("security.privileged", "true", "privileged"),
        ("user.podclaw.lab", "other", "foreign-key"),
        ("user.podclaw.A", "x", "foreign-key"),
        ("user.podclaw.note", "a\nb", "line-break"),
        ("user.podclaw.note", "a\rb", "line-break"),
        ("user.podclaw.note", "a\0b", "line-break"),
        ("user.podclaw.note", "a\u{85}b", "line-break"),
        ("user.podclaw.note", "a\u{2028}b", "line-break"),
        ("cloud-init.user-data", "a\0b", "foreign-user-data"),
        ("volatile.uuid", "x", "foreign-key"),
        ("image.os", "x", "foreign-key"),
    ] {
        let findings = profile::stack(&shipped(&["guest", "standard"]), &config(&[(key, value)]), &lab());
        assert_eq!(brief(&findings), [(rule, format!("config.{key}").as_str())], "{key}");
        assert_eq!(findings[0].origin.to_string(), "the instance");
    }
    let large = "#".repeat(512 * 1024 + 1);
    let findings =
        profile::stack(&shipped(&["guest", "standard"]), &config(&[("cloud-init.user-data", &large)]), &lab());
    assert_eq!(brief(&findings), [("foreign-user-data", "config.cloud-init.user-data")]);
}

#[test]
fn what_the_daemon_reports_is_judged_with_its_own_books() {
    let stack = shipped(&["guest", "standard"]);
    let report = |extra: &[(&str, &str)]| {
        let mut layer = Layer::default();
        let merged = stack.effective(&config(extra));
        layer.config.extend(merged.config.iter().map(|(key, setting)| (key.clone(), setting.value.clone())));
        for (name, device) in &merged.devices {
            let keys = device.keys.iter().map(|(key, setting)| (key.clone(), setting.value.clone()));
            layer.devices.insert(name.clone(), keys.collect());
        }
        profile::effective(&Effective::reported(&layer), &lab())
    };
    let own = [
        ("volatile.idmap.base", "1000000"),
        ("volatile.eth0.hwaddr", "10:66:6a:00:00:01"),
        ("volatile.idmap.next", "[{\"Isuid\":true}]"),
        ("image.os", "Debian"),
        ("user.podclaw.state", "ready"),
        ("cloud-init.user-data", "#cloud-config\n"),
    ];
    assert_eq!(report(&own), []);
    let findings = report(&[("raw.lxc", "x"), ("user.user-data", "x"), ("limits.memory", "99%")]);
    assert_eq!(
        brief(&findings),
        [
            ("limit-value", "config.limits.memory"),
            ("raw-config", "config.raw.lxc"),
            ("foreign-user-data", "config.user.user-data")
        ]
    );
    assert_eq!(findings[0].origin.to_string(), "the daemon");
    let none = profile::effective(&Effective::default(), &lab());
    assert_eq!(none.len(), 10, "{none:?}");
}

#[test]
fn what_is_missing_is_named() {
    let findings = profile::stack(&shipped(&["guest"]), &Layer::default(), &lab());
    let limits = ["config.limits.cpu", "config.limits.memory", "config.limits.processes"];
    assert_eq!(brief(&findings), limits.map(|subject| ("missing-limit", subject)));
    let findings = profile::stack(&shipped(&["standard"]), &Layer::default(), &lab());
    assert_eq!(
        brief(&findings),
        [
            ("autostart", "config.boot.autostart"),
            ("missing-limit", "config.limits.kernel.core"),
            ("guest-api", "config.security.guestapi"),
            ("id-map", "config.security.idmap.isolated"),
            ("nesting", "config.security.nesting"),
            ("missing-device", "devices.root"),
            ("missing-device", "devices.eth0"),
        ]
    );
    assert_eq!(
        findings[0].to_string(),
        "the merged profiles: `boot.autostart` is not set: what is not trusted must not come back on its own; without it, a guest that ran starts again with the host [autostart]"
    );
}

#[test]
fn a_lone_fragment_says_what_it_leaves_open() {
    let report = judge(&[("a.yaml", "description: x\nconfig:\n  limits.cpu: 2\n")], None);
    assert!(!report.has_findings());
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        report.findings[0].to_string(),
        "a.yaml:1:1: by itself this leaves open what every guest needs: boot.autostart, limits.kernel.core, \
         limits.memory, limits.processes, security.guestapi, security.idmap.isolated, security.nesting, a root disk, a \
         network card [open-requirements]"
    );
}

#[test]
fn a_finding_names_what_brought_and_what_was_replaced() {
    let guest = "description: x\ndevices:\n  eth0:\n    type: nic\n    network: podclawbr0\n    security.mac_filtering: \"true\"\n    security.ipv4_filtering: \"true\"\n    security.port_isolation: \"true\"\n";
    let evil = "description: x\ndevices:\n  eth0:\n    type: nic\n    network: podclawbr0\n    security.ipv4_filtering: \"true\"\n    security.port_isolation: \"true\"\n";
    let found = said(&[("net.yaml", guest), ("evil.yaml", evil)], &["guest", "standard", "net", "evil"]);
    assert_eq!(
        found,
        [
            "evil.yaml:3:3: `security.mac_filtering` is not set: a guest could pose as another or as the gateway, or talk to \
          another guest; Incus takes what it does not know for false [address-spoofing] (net.yaml:6:29: the device that \
          this one replaces had `security.mac_filtering`)"
        ]
    );
    let found = said(
        &[("evil.yaml", "description: x\nconfig:\n  security.privileged: \"YES\"\n")],
        &["guest", "standard", "evil"],
    );
    assert_eq!(
        found,
        [
            "evil.yaml:3:24: `security.privileged` must be false: root of a privileged guest is root of the host [privileged] \
          (profiles/guest.yaml:16:24: it replaces this)"
        ]
    );
    let found =
        said(&[("evil.yaml", "description: x\ndevices:\n  root: {type: none}\n")], &["guest", "standard", "evil"]);
    assert_eq!(
        found,
        [
            "evil.yaml:3:16: `root`, of type `none`, takes away the root disk: a guest's files must be in the lab's pool, with \
          a size [missing-device] (profiles/guest.yaml:32:3: the root disk that is taken away)"
        ]
    );
}

#[test]
fn a_finding_is_said_once() {
    // The evil profile is a part of the stack and a file of its own; another profile on top has nothing to do with it.
    let files = [
        ("evil.yaml", "description: x\nconfig:\n  raw.lxc: x\ndevices:\n  eth0: {type: none}\n"),
        ("fine.yaml", "description: x\nconfig:\n  limits.cpu: 3\n"),
    ];
    let report = judge(&files, Some(&["guest", "standard", "evil"]));
    let subjects: Vec<_> = report.findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["config.raw.lxc", "devices.eth0"], "{:#?}", report.findings);
    // On top of a stack of which it is no part, each of its faults is there once too.
    let report = judge(&files, Some(&["guest", "standard"]));
    let subjects: Vec<_> = report.findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["config.raw.lxc", "devices.eth0"]);
}

#[test]
fn a_value_that_a_later_profile_puts_right_is_found_in_its_file() {
    let evil = "description: x\nconfig:\n  security.privileged: \"true\"\n";
    let fine = "description: x\nconfig:\n  security.privileged: \"false\"\n";
    let found = said(&[("evil.yaml", evil), ("fine.yaml", fine)], &["guest", "standard", "evil", "fine"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("evil.yaml:3:24: "), "{found:?}");
}

#[test]
fn a_file_with_the_name_of_a_part_of_the_stack_is_judged_in_its_place() {
    let real = std::fs::read_to_string(format!("{}/profiles/guest.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let weak = real.replace("    security.mac_filtering: \"true\"\n", "").replace("  boot.autostart: \"false\"\n", "");
    let found = said(&[("a/guest.yaml", &real), ("b/guest.yaml", &weak)], &["guest", "standard"]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("b/guest.yaml:1:1: `boot.autostart` is not set"), "{found:?}");
    assert!(found[1].starts_with("b/guest.yaml:") && found[1].contains("mac_filtering"), "{found:?}");
}

#[test]
fn a_file_of_another_kind_does_not_switch_the_stack_off() {
    let read =
        |name: &str| std::fs::read_to_string(format!("{}/profiles/{name}.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (guest, standard) = (read("guest"), read("standard"));
    let files = [
        ("a/guest.yaml", "#cloud-config\nbootcmd: []\n"),
        ("profiles/guest.yaml", guest.as_str()),
        ("profiles/standard.yaml", standard.as_str()),
        ("profiles/zzz.yaml", "description: x\ndevices:\n  eth0: {type: none}\n"),
    ];
    let report = judge(&files, None);
    assert_eq!(report.stacks, [["guest", "standard"]]);
    assert!(report.findings.iter().any(|finding| finding.rule == "missing-device"), "{report:?}");
}

#[test]
fn a_judgement_of_what_is_merged_in_place_is_that_of_what_is_merged_for_the_daemon() {
    // Two pieces of code merge: one for judging, one for comparing with the daemon. They must not differ.
    let mut stack = shipped(&["guest", "standard", "large"]);
    let other = shipped(&["small"]).profiles.remove(0);
    stack.profiles.push(other);
    let instance = config(&[("limits.cpu", ""), ("limits.memory", "99%"), ("boot.autostart", "true")]);
    let layered = profile::stack(&stack, &instance, &lab());
    let merged = profile::effective(&stack.effective(&instance), &lab());
    assert_eq!(brief(&layered), brief(&merged));
    assert_eq!(brief(&merged), [("autostart", "config.boot.autostart"), ("limit-value", "config.limits.memory")]);
}
