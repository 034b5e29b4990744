//! The life of a lab on a host as it has to be: each command says that all is well.

use std::time::Duration;

use crate::harness::{Machine, Test, tests};
use crate::lab::{GUEST, ready};

/// What comes first, and what comes last.
pub(crate) const BEFORE: &[Test] =
    tests![the_host_is_fit, a_guest_is_launched, the_guest_is_contained, the_lab_is_in_order];
pub(crate) const AFTER: &[Test] = tests![nothing_is_left];

fn the_host_is_fit(machine: &Machine) {
    crate::lab::prepare(machine);
    let said = machine.podclaw(&["doctor", "--format", "json"]).end();
    let json = said.json();
    let verdict = |id: &str| {
        let checks = json["checks"].as_array().into_iter().flatten();
        checks.filter(|check| check["id"] == id).map(|check| check["verdict"].clone()).next().unwrap_or_default()
    };
    for id in ["kernel-apparmor", "kernel-cgroups", "kernel-userns", "kernel-seccomp", "incus-daemon"] {
        assert_eq!(verdict(id), "ok", "{id}: {said}");
    }
    assert_eq!((said.code, &json["counts"]["fail"]), (0, &0.into()), "{said}");
}

fn a_guest_is_launched(machine: &Machine) {
    ready(machine);
    let guest = machine.podclaw(&["info", GUEST, "--format", "json"]).ok();
    let guest: serde_json::Value = serde_json::from_str(&guest).expect("JSON");
    let stages = guest["guest"]["receipt"]["stages"].as_array().cloned().unwrap_or_default();
    let skipped: Vec<_> = stages.iter().filter(|stage| stage["outcome"] != "done").collect();
    assert!(stages.len() == 7 && skipped.is_empty(), "{guest}");
    let logs = machine.guest(GUEST, "cat /var/log/podclaw/2-apparmor.log").ok();
    for line in ["podman: loaded", "conmon: loaded", "crun: the distribution ships", "pasta: the distribution ships"] {
        assert!(logs.contains(line), "{line} is missing: {logs}");
    }
}

fn the_guest_is_contained(machine: &Machine) {
    ready(machine);
    let said = machine.podclaw(&["prove", GUEST, "--format", "json"]).timeout(Duration::from_mins(2)).end();
    let probes = said.json()["guests"][0]["probes"].as_array().cloned().unwrap_or_default();
    let open: Vec<_> = probes.iter().filter(|probe| probe["verdict"] != "contained").collect();
    assert!(probes.len() > 20 && open.is_empty(), "{open:#?}\n{}", said.stderr);
    assert_eq!(said.code, 0, "{said}");
}

fn the_lab_is_in_order(machine: &Machine) {
    ready(machine);
    let said = machine.podclaw(&["audit", "--format", "json"]).end();
    assert!([0, 1].contains(&said.code), "{said}");
    let findings = said.json()["findings"].as_array().cloned().expect("findings");
    // What Debian has not mended in its Incus is nothing that podclaw could.
    let of_lab: Vec<_> = findings.iter().filter(|finding| finding["rule"] != "server-advisory").collect();
    assert!(of_lab.is_empty(), "{of_lab:#?}");
}

fn nothing_is_left(machine: &Machine) {
    ready(machine);
    let profiles = || machine.sh("grep -c podclaw_ /sys/kernel/security/apparmor/profiles || true").ok();
    assert_ne!(profiles().trim(), "0", "the guest has no profile, so that none is left shows nothing");
    let wiped = machine.podclaw(&["wipe", "--yes", "podclaw"]).timeout(Duration::from_mins(2)).ok();
    assert!(wiped.ends_with("nothing is left\n"), "{wiped}");
    assert_eq!(profiles().trim(), "0", "AppArmor profiles of the lab are left in the kernel");
}
