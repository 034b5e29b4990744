//! Launches that go wrong on the way: nothing stays but what was asked for, and the error says what happened.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::launches::{instances, ready};
use crate::common::{Program, Running};
use crate::harness::{Daemon, Gateway, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    a_stage_that_fails_is_named_with_the_end_of_its_output,
    a_gateway_that_refuses_its_configuration,
    a_gateway_that_crashes,
    a_gateway_that_never_starts,
    two_launches_of_one_name,
    a_gateway_that_asks_for_no_token,
    a_pool_without_space,
    a_start_whose_hook_is_not_answered,
    ctrl_c_in_each_phase_leaves_nothing,
    killed_at_any_moment_then_deleted_leaves_nothing,
];

/// The cloud-init files and profiles of this repository, in a directory of the test.
pub(super) fn own_data(lab: &Lab) -> std::path::PathBuf {
    let data = lab.dir().join("data");
    fs::create_dir_all(&data).expect("a directory");
    for part in ["cloud-init", "apparmor", "profiles"] {
        Program::new("cp").arg("-r").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(part)).arg(&data).run().ok();
    }
    data
}

fn a_stage_that_fails_is_named_with_the_end_of_its_output(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let stage = own_data(&lab).join("cloud-init/stages/3-user.sh");
    lab.set_file(&format!("{}data: data\n", Gateway::Works.lab_file()));
    let script =
        "#!/bin/bash\nsource /usr/local/lib/podclaw/lib.sh\nprintf 'before\\033[2J\\n'\necho last words\nfalse\n";
    fs::write(&stage, script).expect("a script");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(
        said.stderr.contains("error: cannot launch a: stage 3/7 service user failed with exit code 1: line 5: false"),
        "{said}"
    );
    assert!(said.stderr.contains("  | last words\n"), "{said}");
    assert!(said.stderr.contains("  | before\\u{1b}[2J\n") && !said.stderr.contains('\u{1b}'), "{said}");
    assert!(said.stderr.contains("help: launch again with --keep-failed"), "{said}");
    assert_eq!(instances(&lab), json!([]));

    let said = lab.podclaw(&["launch", "--cold", "a", "--keep-failed"]).run().exits(3);
    let help = lab.typed("help: the stopped guest is kept: `podclaw logs a --source stages`");
    assert!(said.stderr.contains(&help), "{said}");
    let guest = &lab.podclaw(&["info", "a", "--format", "json"]).run().json()["guest"];
    assert_eq!((&guest["status"], &guest["readiness"]), (&json!("stopped"), &json!("failed")));
    let logs = lab.podclaw(&["logs", "a", "--source", "stages"]).run().ok();
    assert!(logs.contains("last words"), "{logs}");
    let said = lab.exec(&["a", "--", "true"], "").exits(3);
    assert!(said.stderr.starts_with("error: guest a is not running"), "{said}");
    lab.podclaw(&["delete", "a"]).run().ok();
}

fn a_gateway_that_refuses_its_configuration(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::RefusesItsConfiguration, "");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.contains("stage 7/7 gateway start failed"), "{said}");
    assert!(said.stderr.contains("refused its configuration, its authentication or its state (exit 78)"), "{said}");
    assert_eq!(instances(&lab), json!([]));
}

fn a_gateway_that_crashes(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Crashes, "");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.contains("the gateway's unit failed: "), "{said}");
    assert!(said.stderr.contains("  | ") && said.stderr.contains("\nhelp: "), "{said}");
    assert_eq!(instances(&lab), json!([]));
}

fn two_launches_of_one_name(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::NeverStarts, "");
    let mut first = lab.podclaw(&["launch", "--cold", "a"]).start();
    let mut second = lab.podclaw(&["launch", "--cold", "a"]).start();
    let refused = |launch: &Running| launch.stderr().contains("exists already");
    for _ in 0..600 {
        if refused(&first) || refused(&second) {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    // One of them made the guest; the other was refused, and must not have removed it.
    assert_eq!(instances(&lab).as_array().map(Vec::len), Some(1));
    let (winner, loser) = if refused(&first) { (&mut second, first) } else { (&mut first, second) };
    winner.wait_for("✓ started");
    winner.signal(Signal::INT);
    let refused = loser.wait().exits(3);
    assert!(refused.stderr.contains("a guest named a exists already"), "{refused}");
}

fn a_gateway_that_never_starts(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::NeverStarts, "");
    let said = lab.podclaw(&["launch", "--cold", "a", "--timeout", "45s"]).run().exits(3);
    assert!(said.stderr.contains("it did not finish within 45 s; it was at stage 7/7 gateway start"), "{said}");
    assert_eq!(instances(&lab), json!([]));
}

fn a_gateway_that_asks_for_no_token(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::AsksForNoToken, "");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.contains("a request without the token was not refused"), "{said}");
    assert_eq!(instances(&lab), json!([]));
}

fn a_pool_without_space(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    // Too small for the base image.
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    let file = fs::read_to_string(lab.file()).expect("a lab file");
    fs::write(lab.file(), file.replace("size: 8GiB", "size: 300MiB")).expect("a lab file");
    lab.podclaw(&["init"]).run().ok();
    lab.podclaw(&["image", "build"]).run().ok();
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.to_lowercase().contains("no space left") || said.stderr.contains("quota"), "{said}");
    assert!(said.stderr.contains("help: free space in the lab's pool"), "{said}");
    assert_eq!(instances(&lab), json!([]));
}

/// Somebody connects to the daemon's socket and says nothing. It takes no other connection then, its own hook's neither.
fn a_start_whose_hook_is_not_answered(daemon: &Daemon) {
    let own = daemon.another();
    let lab = ready(&own, Gateway::Works, "");
    let launch = lab.podclaw(&["launch", "--cold", "a"]).timeout(Duration::from_mins(5)).start();
    let until = |there: bool, name: &str| {
        let deadline = Instant::now() + Duration::from_mins(2);
        while own.runs(name) != there {
            assert!(
                Instant::now() < deadline,
                "{name} does not {}: {}",
                if there { "start" } else { "end" },
                launch.stderr()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    until(true, "forkstart");
    let silent = UnixStream::connect(own.socket()).expect("the daemon runs");
    until(true, "callhook");
    until(false, "callhook");
    drop(silent);
    let said = launch.wait().exits(0);
    assert!(said.stderr.contains("the daemon did not answer its own hook in time"), "{said}");
    assert_eq!(said.stderr.matches("✓ started").count(), 1, "{said}");
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
}

fn ctrl_c_in_each_phase_leaves_nothing(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::NeverStarts, "");
    for phase in ["", "✓ created", "✓ gateway image pushed", "✓ started", "✓ 1/7", "✓ 3/7", "✓ 6/7"] {
        let mut launch = lab.podclaw(&["launch", "--cold", "a"]).start();
        if phase.is_empty() {
            std::thread::sleep(Duration::from_millis(300));
        } else {
            launch.wait_for(phase);
        }
        launch.signal(Signal::INT);
        let said = launch.wait().exits(3);
        assert!(said.stderr.contains("cancelled\n"), "after {phase:?}: {said}");
        assert_eq!(instances(&lab), json!([]), "after {phase:?}: {said}");
    }
    let mut launch = lab.podclaw(&["launch", "--cold", "a", "--keep-failed"]).start();
    launch.wait_for("✓ started");
    launch.signal(Signal::TERM);
    let said = launch.wait().exits(3);
    assert_eq!(lab.podclaw(&["info", "a", "--format", "json"]).run().json()["guest"]["readiness"], "failed", "{said}");
}

fn killed_at_any_moment_then_deleted_leaves_nothing(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::NeverStarts, "");
    for millis in [20, 60, 120, 250, 400, 600, 900, 1300, 2000, 4000, 9000] {
        let launch = lab.podclaw(&["launch", "--cold", "a"]).start();
        std::thread::sleep(Duration::from_millis(millis));
        launch.signal(Signal::KILL);
        drop(launch.wait());
        let said = lab.podclaw(&["delete", "a"]).run();
        assert!(said.code == 0 || said.stderr.contains("there is no guest named a"), "after {millis} ms: {said}");
        assert_eq!(instances(&lab), json!([]), "after {millis} ms: {said}");
        // Also nothing that comes later: a create that went on after the kill.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(instances(&lab), json!([]), "after {millis} ms something came back: {said}");
    }
    let volumes = daemon.get(&format!("/1.0/storage-pools/{0}/volumes?project={0}", lab.name()));
    let guests = |volume: &&serde_json::Value| volume.as_str().is_some_and(|path| path.contains("/container/"));
    assert_eq!(volumes.as_array().map(|all| all.iter().filter(guests).count()), Some(0), "{volumes}");
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
}
