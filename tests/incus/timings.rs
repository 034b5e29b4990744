//! Where a launch's time went, and how often it asked the daemon.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{Daemon, Gateway, Relay, Test, tests};
use crate::launches::ready;

pub(crate) const TESTS: &[Test] = tests![a_launch_says_where_its_time_went, a_launch_asks_no_more_than_it_must];

/// What a launch of a guest that boots by cloud-init needs: settling it, a create, a look at it and at all
/// others, a push, a start, a runner that follows the stages and then probes, a look at the guest, and the receipt. The
/// runner is four requests.
const MOST: usize = 18;
/// The same of one that is made from a baked image: it is looked for, and nothing is pushed.
const MOST_BAKED: usize = 15;

fn sum(phases: &Value, what: &str) -> u64 {
    phases.as_array().expect("phases").iter().map(|phase| phase[what].as_u64().expect("a number")).sum()
}

fn a_launch_says_where_its_time_went(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let said = lab.podclaw(&["launch", "demo", "--cold", "--timings", "--format", "json"]).run().json();
    let launched = &said["launched"][0];
    let timings = &launched["timings"];
    let names: Vec<&str> =
        timings["phases"].as_array().expect("phases").iter().filter_map(|p| p["name"].as_str()).collect();
    let expected = ["settle", "create", "push", "start-guest", "boot"];
    assert_eq!(names[..5], expected, "{timings}");
    assert_eq!((names.len(), &names[12..]), (14, &["prove", "receipt"][..]), "{timings}");
    let total: u64 = ["daemon", "guest", "own"].iter().filter_map(|who| timings[*who].as_u64()).sum();
    // Each of them is cut off to whole milliseconds.
    assert!(sum(&timings["phases"], "millis") <= total + 3, "the phases are more than the whole: {timings}");
    let own = sum(&timings["phases"], "own")..=sum(&timings["phases"], "own") + names.len() as u64;
    assert!(timings["own"].as_u64().is_some_and(|all| own.contains(&all)), "its own parts are not its own: {timings}");
    assert!(timings["guest"].as_u64() > timings["own"].as_u64(), "a guest takes longer than podclaw: {timings}");
    let counted: u64 =
        launched["requests"].as_array().expect("requests").iter().filter_map(|kind| kind["count"].as_u64()).sum();
    assert_eq!(Some(counted), timings["requests"].as_u64(), "{launched}");

    // The receipt knows all but the request that writes it.
    let receipt = &launched["receipt"];
    assert_eq!(receipt["timings"]["requests"], timings["requests"], "{launched}");
    assert!(sum(&receipt["timings"]["phases"], "millis") <= receipt["millis"].as_u64().expect("a number"), "{receipt}");
    let info = lab.podclaw(&["info", "demo"]).run().ok();
    let count = format!("podclaw {} ms, {} requests", receipt["timings"]["own"], timings["requests"]);
    assert!(info.contains(&count), "{count}: {info}");

    let text = lab.podclaw(&["launch", "other", "--cold", "-p", "guest", "-p", "small", "--timings"]).run().ok();
    for word in [
        "settle",
        "PODCLAW'S OWN",
        "boot",
        "receipt",
        "POST instances/*/exec",
        "waiting for the daemon",
        "podclaw itself",
    ] {
        assert!(text.contains(word), "{word} is missing: {text}");
    }
}

fn a_launch_asks_no_more_than_it_must(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let relay = Relay::start(lab.dir().join("relay.socket"), &daemon.socket());
    let try_to_launch = |arguments: &[&str], most: usize, tries: usize| {
        let before = relay.requests().len();
        let launch = lab.podclaw_at(relay.socket(), &[&["launch", "--format", "json"], arguments].concat());
        let said = launch.timeout(Duration::from_mins(5)).run().json();
        let seen = relay.requests().split_off(before);
        assert_eq!(said["launched"][0]["receipt"]["timings"]["requests"], seen.len(), "{}", seen.join("\n"));
        let is_exec = |line: &&String| line.starts_with("POST ") && line.contains("/exec?");
        if seen.iter().filter(is_exec).count() > 1 && tries > 0 {
            // Incus 6.0 loses a command now and then on a busy machine, and podclaw runs another one.
            lab.podclaw(&["delete", arguments[0]]).run().ok();
            return false;
        }
        // A look at how far an operation is says nothing about the launch, but that this machine is slow.
        let must = seen.iter().filter(|line| !is_a_look(line)).count();
        assert!(must <= most, "{must} requests, {}:\n{}", said["launched"][0]["timings"], seen.join("\n"));
        true
    };
    let launch = |arguments: &[&str], most: usize| {
        assert!((0..4).rev().any(|tries| try_to_launch(arguments, most, tries)));
    };
    launch(&["cold", "--cold"], MOST);
    lab.podclaw(&["image", "bake"]).timeout(Duration::from_mins(5)).run().ok();
    launch(&["baked"], MOST_BAKED);
    // Each request has a connection of its own: see `Client::connect_with`.
    assert_eq!(relay.connections(), relay.requests().len());
}

fn is_a_look(line: &str) -> bool {
    let path = line.split(' ').nth(1).unwrap_or_default();
    path.strip_prefix("/1.0/operations/").is_some_and(|rest| !rest.contains('/'))
}
