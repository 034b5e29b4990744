//! A guest that does not want to go.

use std::time::{Duration, Instant};

use super::{fill, wiped};
use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![a_guest_that_fights_is_gone];

/// What it runs; it is only ever run there.
const FIGHT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/incus/wipe/fight.sh");

fn a_guest_that_fights_is_gone(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 1, true);
    // No more than the machine that the tests run on can bear.
    lab.incus(&["config", "device", "override", "g0", "root", "size=200MiB"]).run().ok();
    lab.incus(&["config", "set", "g0", "limits.processes=300"]).run().ok();
    lab.incus(&["file", "push", FIGHT, "g0/root/fight.sh"]).run().ok();
    let mut fight = lab.incus(&["exec", "g0", "--", "sh", "/root/fight.sh"]).timeout(Duration::from_mins(3)).start();
    fight.wait_for("fighting");
    let state = || daemon.get(&format!("/1.0/instances/g0/state?project={}", lab.name()));
    let mut processes = 0;
    for _ in 0..100 {
        processes = processes.max(state()["processes"].as_i64().unwrap_or(0));
        if processes >= 250 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(processes >= 250, "it has only {processes} processes");
    let began = Instant::now();
    wiped(&lab);
    eprintln!("a guest with {processes} processes was gone after {:.1} s", began.elapsed().as_secs_f64());
    assert_ne!(fight.wait().code, 0);
}
