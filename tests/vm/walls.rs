//! Walls that the other tests can't take away: their kernel has neither AppArmor nor modules.

use std::time::Duration;

use crate::harness::{Machine, Test, tests};
use crate::lab::ready;

pub(crate) const TESTS: &[Test] = tests![a_guest_without_apparmor, a_guest_that_has_the_hosts_modules];

/// Starts a tiny guest that podclaw takes for its own. The lab's project would have none of it.
const START: &str = "
    set -e
    for key in restricted limits.memory limits.processes; do incus project unset podclaw $key; done
    incus --project podclaw image import /podclaw/tiny.tar.gz --alias tiny
    incus --project podclaw launch tiny bare -p podclaw-guest -p podclaw-small -c user.podclaw.lab=podclaw \"$@\"";

/// What of a guest with these settings is not contained, and what audit says of it.
fn without(machine: &Machine, settings: &[&str]) -> (Vec<String>, String) {
    ready(machine);
    let start = [&["sh", "-c", START, "start"], settings].concat();
    machine.run(&start).timeout(Duration::from_mins(2)).ok();
    let proved = machine.podclaw(&["prove", "bare", "--format", "json"]).timeout(Duration::from_mins(2)).end();
    let audited = machine.podclaw(&["audit", "bare"]).end();
    machine.run(&["incus", "--project", "podclaw", "delete", "--force", "bare"]).ok();
    machine.run(&["incus", "--project", "podclaw", "image", "delete", "tiny"]).ok();
    machine.podclaw(&["init"]).ok();
    let probes = proved.json()["guests"][0]["probes"].as_array().cloned().unwrap_or_default();
    let open = probes.iter().filter(|probe| probe["verdict"] == "not-contained");
    let open = open.filter_map(|probe| probe["id"].as_str().map(String::from)).collect();
    assert_eq!((proved.code, audited.code), (1, 1), "{proved}\n{audited}");
    (open, audited.stdout)
}

fn a_guest_without_apparmor(machine: &Machine) {
    let (open, found) = without(machine, &["-c", "raw.lxc=lxc.apparmor.profile = unconfined"]);
    assert_eq!(open, ["kernel-apparmor"], "{found}");
    assert!(found.contains("bare") && found.contains("raw.lxc"), "{found}");
}

fn a_guest_that_has_the_hosts_modules(machine: &Machine) {
    let privileged = ["-c", "security.privileged=true", "-c", "security.syscalls.deny_default=false"];
    let (open, found) = without(machine, &[&privileged[..], &["-c", "raw.lxc=lxc.cap.drop ="]].concat());
    assert!(open.iter().any(|probe| probe == "kernel-modules"), "{open:?}\n{found}");
    assert!(found.contains("bare") && found.contains("security.privileged"), "{found}");
}
