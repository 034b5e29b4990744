//! The same steps with Incus' own client, as a careful person would take them in a shell: look whether the lab is as it
//! has to be, make the guest, look at what became of it, start it, wait for its gateway, write that down.
//!
//! What `podclaw launch` does besides, its probes, nobody does by hand.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Output, Program};
use crate::harness::Lab;
use crate::ways::Took;

/// Waits for the gateway in the guest.
const WAIT: &str =
    "until curl -s --noproxy '*' -m 10 http://127.0.0.1:18789/startupz | grep -q '\"started\"'; do sleep 0.25; done";

/// Incus 6.0 loses a command now and then, and says so.
const LOST: &str = "Failed to retrieve PID of";

/// One step.
struct Step {
    arguments: Vec<String>,
    /// Whether the gateway has started when it is done.
    starts: bool,
}

/// What is typed, in order.
fn steps(lab: &Lab, image: &str, guest: &str) -> Vec<Step> {
    let name = lab.name();
    let (network, acl) = (&*lab.network(), &*format!("{name}-egress"));
    let profiles = ["guest", "standard"].map(|profile| format!("{name}-{profile}"));
    let [first, second] = profiles.each_ref().map(|profile| &**profile);
    let mark = format!("user.podclaw.lab={name}");
    let commands: [&[&str]; 13] = [
        &["project", "show", name],
        &["storage", "show", name],
        &["network", "show", network],
        &["network", "acl", "show", acl],
        &["profile", "show", first],
        &["profile", "show", second],
        &["image", "show", image],
        &["create", image, guest, "-p", first, "-p", second, "-c", &mark],
        &["config", "show", guest, "--expanded"],
        &["start", guest],
        &["exec", guest, "--", "sh", "-c", WAIT],
        &["config", "set", guest, "user.podclaw.state=ready", "user.podclaw.receipt={}"],
        &["list", guest, "-f", "csv", "-c", "ns4"],
    ];
    let step = |arguments: &[&str]| Step {
        arguments: arguments.iter().map(ToString::to_string).collect(),
        starts: arguments[0] == "exec",
    };
    commands.into_iter().map(step).collect()
}

/// Takes all steps, and removes the guest.
pub(crate) fn launch(lab: &Lab, image: &str, guest: &str) -> Took {
    launch_at(&lab.daemon().socket(), lab, image, guest, |_| {})
}

/// The same with another socket that leads to the daemon. After each step it says what was typed.
pub(crate) fn launch_at(socket: &Path, lab: &Lab, image: &str, guest: &str, mut after: impl FnMut(&str)) -> Took {
    let began = Instant::now();
    let mut started = None;
    for step in steps(lab, image, guest) {
        run(|| lab.incus(&step.arguments).env("INCUS_SOCKET", socket));
        if step.starts {
            started = Some(began.elapsed());
        }
        after(&step.arguments[..2].join(" "));
    }
    let done = began.elapsed();
    lab.incus(&["delete", "--force", guest]).run().ok();
    Took { started: started.expect("one step waits for the gateway"), done, said: Value::Null }
}

fn run(program: impl Fn() -> Program) {
    let once = || program().timeout(Duration::from_mins(5)).run();
    let is_lost = |output: &Output| output.code != 0 && output.stderr.contains(LOST);
    let mut output = once();
    for _ in 0..5 {
        if !is_lost(&output) {
            break;
        }
        output = once();
    }
    output.ok();
}
