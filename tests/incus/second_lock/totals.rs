//! What all guests of a lab may have together.

use crate::harness::{Daemon, Gateway, Lab, Test, tests};
use crate::launches::ready;

pub(super) const TESTS: &[Test] = tests![
    the_daemon_adds_up_what_guests_may_have,
    a_total_below_what_is_there_is_named,
    a_launch_that_is_too_much_says_what_helps,
];

/// Makes a guest that is not started.
fn make(lab: &Lab, name: &str, profile: &str, more: &[&str]) -> crate::common::Output {
    let (guest, profile) = (format!("{}-guest", lab.name()), format!("{}-{profile}", lab.name()));
    lab.incus(&["init", "tiny", name, "-p", &guest, "-p", &profile]).args(more).run()
}

fn the_daemon_adds_up_what_guests_may_have(daemon: &Daemon) {
    // One guest of the profile `small` has 1 CPU, 1536MiB, 1024 processes and 8GiB.
    for (totals, said) in [
        ("guests: 1", "Reached maximum number of instances of type \"container\""),
        ("cpu: 2", "Reached maximum aggregate value \"2\" for \"limits.cpu\""),
        ("memory: 4GiB", "Reached maximum aggregate value \"4GiB\" for \"limits.memory\""),
        ("processes: 3000", "Reached maximum aggregate value \"3000\" for \"limits.processes\""),
        ("disk: 19GiB", "Reached maximum aggregate value \"19GiB\" for \"limits.disk\""),
    ] {
        let lab = Lab::with(daemon, &format!("totals:\n  {totals}\n"));
        lab.podclaw(&["init"]).run().ok();
        lab.import_tiny();
        make(&lab, "a", "small", &[]).ok();
        let second = make(&lab, "b", "standard", &[]);
        assert!(second.code != 0 && second.stderr.contains(said), "{totals}: {second}");
    }
    // By default there are totals too, and then no guest is without a limit.
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    lab.import_tiny();
    let guest = format!("{}-guest", lab.name());
    let unlimited = lab.incus(&["init", "tiny", "a", "-p", &guest]).run();
    assert!(unlimited.code != 0 && unlimited.stderr.contains("has no \"limits."), "{unlimited}");
    make(&lab, "a", "small", &[]).ok();
}

fn a_total_below_what_is_there_is_named(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    lab.import_tiny();
    for name in ["a", "b"] {
        make(&lab, name, "standard", &[]).ok();
    }
    lab.set_file("totals: {memory: 4GiB, processes: 9000}\n");
    let said = lab.podclaw(&["init"]).run().exits(1);
    assert!(said.stdout.contains("    held back: \"limits.memory\" is too low: current total is \"6.0GiB\""), "{said}");
    assert!(said.stdout.contains("raise `totals.memory`"), "{said}");
    // The other one is set all the same.
    let project = daemon.get(&format!("/1.0/projects/{}", lab.name()));
    assert_eq!(
        (&project["config"]["limits.memory"], &project["config"]["limits.processes"]),
        (&"1TiB".into(), &"9000".into())
    );
    lab.incus(&["delete", "a"]).run().ok();
    lab.podclaw(&["init"]).run().ok();

    lab.set_file("totals: {memory: 1GiB}\n");
    let said = lab.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.contains("no guest fits into the lab: `totals.memory` is 1GiB"), "{said}");
    lab.set_file("limits: {memory: 25%}\ntotals: {memory: 9GiB}\n");
    let said = lab.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.contains("is 25%, which Incus can't add up"), "{said}");
}

fn a_launch_that_is_too_much_says_what_helps(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "totals: {memory: 4GiB, processes: 9000}\n");
    lab.import_tiny();
    make(&lab, "a", "standard", &[]).ok();
    let said = lab.podclaw(&["launch", "--cold", "b"]).run().exits(3);
    assert!(said.stderr.contains("Reached maximum aggregate value \"4GiB\" for \"limits.memory\""), "{said}");
    assert!(said.stderr.contains("have the total `totals.memory`: delete a guest, give guests less"), "{said}");
    assert_eq!(lab.incus(&["list", "-f", "csv", "-c", "n"]).run().ok(), "a\n", "something of it is left");
}
