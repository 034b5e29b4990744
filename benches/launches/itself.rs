//! What podclaw itself takes: to start, in requests to the daemon, in memory.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::measure::{run, watch_peak};
use crate::by_hand;
use crate::common::PODCLAW;
use crate::harness::{Lab, Relay};
use crate::rounds::baked;

/// How often it is started.
const STARTS: usize = 50;
const GUEST: &str = "counted";

/// Counts in launches of their own, since who looks on is in the way.
pub(crate) fn measure(lab: &Lab) -> Value {
    println!("podclaw itself");
    let starts = (0..STARTS).map(|_| run(Command::new(PODCLAW).arg("--help"), &[0]).as_secs_f64() * 1e3);
    let starts: Vec<f64> = starts.map(|millis| (millis * 1e3).round() / 1e3).collect();
    let relay = Relay::start(lab.dir().join("relay.socket"), &lab.daemon().socket());
    let launch = lab.podclaw_at(relay.socket(), &["launch", GUEST, "--format", "json"]);
    let running = launch.timeout(Duration::from_mins(12)).start();
    let peak = watch_peak(running.pid(), Duration::from_millis(2));
    let said = running.wait().exits(0).json();
    let podclaw = relay.requests();
    let peak = peak.join().expect("looking does not fail");
    lab.podclaw(&["delete", GUEST]).run().ok();
    let (mut steps, mut before) = (Vec::new(), podclaw.len());
    by_hand::launch_at(relay.socket(), lab, &baked(lab), GUEST, |typed| {
        let now = relay.requests().len();
        steps.push(json!({ "typed": typed, "requests": now - before }));
        before = now;
    });
    let by_hand = relay.requests().split_off(podclaw.len());
    json!({
        "start_milliseconds": starts,
        "peak_kib": peak,
        "bytes": std::fs::metadata(PODCLAW).expect("podclaw is there").len(),
        "requests": podclaw.len(),
        "requests_by_its_own_word": said["launched"][0]["timings"]["requests"],
        "requests_looks": looks(&podclaw),
        "requests_list": podclaw,
        "by_hand_requests": by_hand.len(),
        "by_hand_looks": looks(&by_hand),
        "by_hand_requests_list": by_hand,
        "by_hand_steps": steps,
    })
}

/// How many of them only look how far an operation is: the more of them, the longer it takes.
fn looks(requests: &[String]) -> usize {
    let path = |line: &str| line.split([' ', '?']).nth(1).map(str::to_owned).unwrap_or_default();
    let is_look = |path: &str| path.strip_prefix("/1.0/operations/").is_some_and(|id| !id.contains('/'));
    requests.iter().filter(|line| line.starts_with("GET ") && is_look(&path(line))).count()
}
