//! AppArmor: that guests, and what runs in them, are confined by the profiles that are meant for it.

use serde_json::Value;

use crate::harness::{Machine, Test, tests};
use crate::lab::{GUEST, ready};

pub(crate) const TESTS: &[Test] = tests![
    guests_run_under_their_profile,
    programs_run_under_theirs,
    what_the_distribution_ships_is_unchanged,
    what_the_distribution_ships_enforces,
];

/// Where Incus keeps the profile of a guest.
const PROFILE: &str = "/var/lib/incus/security/apparmor/profiles/incus-podclaw_demo";

/// What the probe says that looks for the label.
fn probe(machine: &Machine) -> Value {
    let said = machine.podclaw(&["prove", GUEST, "--format", "json"]).end().json();
    let probes = said["guests"][0]["probes"].as_array().cloned().unwrap_or_default();
    probes.into_iter().find(|probe| probe["id"] == "kernel-apparmor").unwrap_or_default()
}

/// What doctor says of the profiles of guests.
fn doctor(machine: &Machine) -> Value {
    let said = machine.podclaw(&["doctor", "--format", "json"]).end().json();
    let checks = said["checks"].as_array().cloned().unwrap_or_default();
    checks.into_iter().find(|check| check["id"] == "kernel-apparmor").unwrap_or_default()
}

fn guests_run_under_their_profile(machine: &Machine) {
    ready(machine);
    let label = "incus query /1.0/instances/demo/state?project=podclaw |
        sed -n 's/.*\"pid\": \\([0-9]*\\).*/\\1/p' | head -n 1 | xargs -I@ cat /proc/@/attr/apparmor/current";
    let label = machine.sh(label).ok();
    assert!(
        label.starts_with("incus-podclaw_demo_") && label.trim_end_matches(['\0', '\n']).ends_with("(enforce)"),
        "{label}"
    );
    assert_eq!(probe(machine)["verdict"], "contained");
    assert_eq!(doctor(machine)["verdict"], "ok");

    // A profile that only complains is no wall, and both see it.
    machine.run(&["apparmor_parser", "--replace", "--Complain", "--skip-cache", PROFILE]).ok();
    let (probed, judged) = (probe(machine), doctor(machine));
    machine.run(&["apparmor_parser", "--replace", "--skip-cache", PROFILE]).ok();
    assert_eq!(probed["verdict"], "not-contained", "{probed}");
    assert_eq!(judged["verdict"], "fail", "{judged}");
    assert_eq!(probe(machine)["verdict"], "contained", "it enforces again");
}

/// The label of each of Podman's programs.
fn labels(machine: &Machine) -> String {
    machine.guest(GUEST, include_str!("guest/labels.sh")).ok()
}

fn programs_run_under_theirs(machine: &Machine) {
    ready(machine);
    let wanted = "conmon conmon (unconfined)\npasta pasta (enforce)\npodman podman (unconfined)\n\
                  crun crun (unconfined)\nslirp4netns slirp4netns (unconfined)\n";
    assert_eq!(labels(machine), wanted);
    // In the guest's own namespace of policies, and not in the host's.
    let own = machine.sh("ls /sys/kernel/security/apparmor/policy/namespaces/*/profiles | cut -d. -f1 | sort").ok();
    let hosts = machine.sh("ls /sys/kernel/security/apparmor/policy/profiles | cut -d. -f1").ok();
    for name in ["podman", "conmon", "crun", "slirp4netns", "pasta"] {
        assert!(own.lines().any(|line| line == name), "{name} is not in the guest's namespace: {own}");
        assert!(!hosts.lines().any(|line| line == name), "{name} is in the host's namespace: {hosts}");
    }

    // Without podclaw's profile, podman has none.
    machine.guest(GUEST, "apparmor_parser --remove /etc/apparmor.d/podclaw-podman").ok();
    let without = labels(machine);
    machine.guest(GUEST, "/usr/local/lib/podclaw/stages/2-apparmor").ok();
    assert!(without.contains("podman unconfined\n"), "{without}");
    assert_eq!(labels(machine), wanted, "stage 2 loads it again");
}

/// What differs from the distribution's packages of what AppArmor reads.
fn changed(machine: &Machine) -> String {
    machine.guest(GUEST, "dpkg --verify apparmor passt podman crun slirp4netns | grep /etc/apparmor || true").ok()
}

fn what_the_distribution_ships_is_unchanged(machine: &Machine) {
    ready(machine);
    assert_eq!(changed(machine), "");
    // Nor is there a second profile for a program that has one.
    let ours = machine.guest(GUEST, "ls /etc/apparmor.d | grep podclaw-").end();
    assert_eq!(ours.stdout, "podclaw-conmon\npodclaw-podman\n");

    machine.guest(GUEST, "sed -i.before s/userns,// /etc/apparmor.d/crun").ok();
    let seen = changed(machine);
    machine.guest(GUEST, "mv /etc/apparmor.d/crun.before /etc/apparmor.d/crun").ok();
    assert!(seen.contains("/etc/apparmor.d/crun"), "{seen}");
}

fn what_the_distribution_ships_enforces(machine: &Machine) {
    ready(machine);
    // pasta has no business with it.
    let read = |machine: &Machine| machine.guest(GUEST, "aa-exec -p pasta -- cat /etc/shadow >/dev/null").end();
    let denied = read(machine);
    // It does not even get the library that it is linked with.
    assert_ne!(denied.code, 0, "{denied}");
    machine.guest(GUEST, "apparmor_parser --replace --Complain --skip-cache /etc/apparmor.d/usr.bin.pasta").ok();
    let complains = read(machine);
    machine.guest(GUEST, "apparmor_parser --replace --skip-cache /etc/apparmor.d/usr.bin.pasta").ok();
    assert_eq!(complains.code, 0, "{complains}");
}
