//! Labs with many guests.

use std::fs;
use std::time::Duration;

use super::{fill, number};
use crate::harness::{Daemon, Lab, Relay, Test, tests};

pub(crate) const TESTS: &[Test] = tests![many_guests_cost_little_each, guests_that_run_are_killed_from_the_host];

fn many_guests_cost_little_each(daemon: &Daemon) {
    let count = number("PODCLAW_WIPE_GUESTS", 24);
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, count, false);
    let relay = Relay::start(lab.dir().join("relay.socket"), &daemon.socket());
    let dry = lab.podclaw_at(relay.socket(), &["wipe", "--dry-run"]).run().ok();
    let asked = relay.requests().len();
    assert!(asked < 25, "a plan takes {asked} requests: {:#?}", relay.requests());
    assert_eq!(dry.matches("- snapshot       g").count(), count, "{dry}");
    assert_eq!(dry.matches("- custom volume  g").count(), count, "{dry}");

    let wipe = lab.podclaw_at(relay.socket(), &["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(30)).start();
    let status = format!("/proc/{}/status", wipe.pid());
    let mut peak = 0;
    // One that ended has no memory any more.
    while let Some(now) = resident(&status) {
        peak = now;
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = wipe.wait().exits(0);
    assert!(said.stdout.ends_with(", nothing is left\n"), "{said}");
    let lines = |text: &str| text.lines().filter(|line| line.starts_with("- ")).map(plain).collect::<Vec<_>>();
    assert_eq!(lines(&said.stdout), lines(&dry), "what is said before differs from what a dry run says");
    let requests = relay.requests().len() - asked;
    assert!(requests <= 8 * count + 120, "{requests} requests for {count} guests with a snapshot and a volume each");
    assert!(peak < 100 << 10, "{peak} KiB resident for {count} guests");
    eprintln!("{count} guests: {requests} requests, {peak} KiB resident");
}

fn guests_that_run_are_killed_from_the_host(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 3, true);
    // One that has something that only the daemon takes away.
    daemon.incus(&["project", "set", lab.name(), "restricted=false"]).run().ok();
    lab.incus(&["config", "device", "add", "g2", "none", "none"]).run().ok();
    // Beside the daemon's own socket: where the daemon keeps its things is concluded from that.
    let relay = Relay::start(daemon.dir().join(format!("{}.socket", lab.name())), &daemon.socket());
    let said = lab.podclaw_at(relay.socket(), &["wipe", "--level", "guests", "--yes", lab.name()]).run().ok();
    assert!(said.contains("3 objects deleted"), "{said}");
    let killed: Vec<String> = relay.requests().into_iter().filter(|line| line.contains("/state?")).collect();
    assert!(matches!(&*killed, [one] if one.starts_with("PUT /1.0/instances/g2/state?")), "{killed:#?}");
}

/// A line without what changes by itself.
fn plain(line: &str) -> String {
    line.rsplit_once("  ").map_or(line, |(object, _facts)| object).to_owned()
}

/// The most that a process had in memory so far, in KiB.
fn resident(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}
