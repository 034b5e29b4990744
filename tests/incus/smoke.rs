//! The harness itself: the daemon is there, it is private, and a tiny guest runs in it.

use crate::common::Program;
use crate::harness::{Daemon, Gateway, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    the_daemon_is_private_and_empty,
    a_tiny_guest_runs,
    a_guest_sees_its_own_limits,
    the_daemon_comes_back,
    the_small_gateway_is_made
];

fn the_daemon_is_private_and_empty(daemon: &Daemon) {
    let server = daemon.get("/1.0");
    assert_eq!(server["auth"], "trusted");
    assert_eq!(server["environment"]["server"], "incus");
    assert_eq!(daemon.get("/1.0/projects"), serde_json::json!(["/1.0/projects/default"]));
    assert_eq!(daemon.get("/1.0/instances?all-projects=true"), serde_json::json!([]));
}

fn a_tiny_guest_runs(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("t1");
    assert_eq!(lab.incus(&["exec", "t1", "--", "echo", "hello"]).run().ok(), "hello\n");
    let network = daemon.get(&format!("/1.0/networks/{}", lab.network()));
    assert_eq!(network["config"]["ipv4.address"].as_str(), Some(&*format!("{}/24", lab.address(1))));
}

fn a_guest_sees_its_own_limits(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.import_tiny();
    lab.incus(&["launch", "tiny", "t1", "--config", "limits.memory=64MiB"]).run().ok();
    let memory = lab.incus(&["exec", "t1", "--", "head", "-n", "1", "/proc/meminfo"]).run().ok();
    assert_eq!(memory.split_whitespace().collect::<Vec<_>>(), ["MemTotal:", "65536", "kB"], "lxcfs does not serve it");
}

fn the_daemon_comes_back(daemon: &Daemon) {
    let mine = daemon.another();
    mine.kill();
    mine.start();
    mine.restart();
    assert_eq!(mine.get("/1.0")["auth"], "trusted");
}

fn the_small_gateway_is_made(_daemon: &Daemon) {
    let made = Gateway::Works.archive();
    let list = Program::new("tar").arg("-tf").arg(&made).run().ok();
    assert_eq!(list.lines().filter(|name| name.starts_with("blobs/sha256/")).count(), 3, "{list}");
    assert!(Gateway::Crashes.lab_file() != Gateway::Works.lab_file());
}
