//! podclaw or the daemon killed at any moment: the next wipe takes everything all the same, and nothing else.

use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use super::neighbour::Neighbour;
use super::{fill, number, wiped};
use crate::harness::{Daemon, Gateway, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![killed_at_any_moment_a_wipe_takes_all, a_wipe_survives_the_end_of_the_daemon];

/// Numbers that differ from run to run; the first one is printed, and says all others.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").subsec_nanos();
        eprintln!("the moments follow from {seed}");
        Self(u64::from(seed))
    }

    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

fn killed_at_any_moment_a_wipe_takes_all(daemon: &Daemon) {
    let neighbour = Neighbour::move_in(daemon);
    let lab = Lab::with(daemon, &Gateway::NeverStarts.lab_file());
    let mut chance = Chance::new();
    for round in 0..number("PODCLAW_WIPE_KILLS", 4) {
        lab.podclaw(&["init"]).run().ok();
        lab.podclaw(&["image", "build"]).timeout(Duration::from_mins(15)).run().ok();
        let launches = round % 2 == 0;
        let command = if launches {
            lab.podclaw(&["launch", "--cold", "-n", "4", "-p", "guest", "-p", "small"])
        } else {
            fill(&lab, 3, true);
            lab.podclaw(&["wipe", "--yes", lab.name()])
        };
        let after = Duration::from_millis(chance.below(if launches { 20_000 } else { 6_000 }));
        let running = command.start();
        std::thread::sleep(after);
        running.signal(Signal::KILL);
        drop(running.wait());
        let when = format!("in round {round}, {} killed after {after:?}", if launches { "a launch" } else { "a wipe" });
        let said = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run();
        assert!(said.code == 0, "{when}: {said}");
        // Also nothing that comes later: a create that went on after the kill.
        let again = lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
        assert!(again.starts_with("there is nothing of the lab "), "{when}: {again}");
        neighbour.is_as_before(&when);
    }
}

fn a_wipe_survives_the_end_of_the_daemon(daemon: &Daemon) {
    let own = daemon.another();
    let neighbour = Neighbour::move_in(&own);
    let lab = Lab::new(&own);
    let mut chance = Chance::new();
    for round in 0..number("PODCLAW_WIPE_RESTARTS", 2) {
        lab.podclaw(&["init"]).run().ok();
        fill(&lab, 4, true);
        let after = Duration::from_millis(chance.below(4_000));
        let wipe = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).start();
        std::thread::sleep(after);
        own.kill();
        own.start();
        let said = wipe.wait();
        let when = format!("in round {round}, the daemon killed after {after:?}: {said}");
        // It may have been about to connect.
        assert!(said.code == 0 || said.stderr.contains("daemon"), "{when}");
        let left = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run();
        assert!(left.code == 0, "{when}\n{left}");
        wiped_away(&lab);
        neighbour.is_as_before(&when);
    }
    lab.podclaw(&["init"]).run().ok();
    wiped(&lab);
}

#[track_caller]
fn wiped_away(lab: &Lab) {
    let again = lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    assert!(again.starts_with("there is nothing of the lab "), "{again}");
}
