//! Limits that are not there, or do not hold. What is taken stays a little above small limits.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::fighting::{replace, was_replaced};
use super::{Proofs, Proving};
use crate::harness::{Daemon, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    no_limits,
    limits_that_do_not_hold,
    limits_that_hold,
    a_guest_that_only_says_so,
    a_neighbour_that_stops_answering
];

const LIMITS: [&str; 3] = ["limit-processes", "limit-memory", "limit-disk"];

fn no_limits(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    let (lab, mark) = (proving.lab.name(), format!("user.podclaw.lab={}", proving.lab.name()));
    proving.lab.launch_tiny_with(&["open", "-p", &format!("{lab}-guest"), "-c", &mark]);
    proving.lab.give_address("open");
    proving.set(&["config", "device", "override", "open", "root", "size="]);
    proving.prove(&["open"], &["--full"]).only_red(&LIMITS);
    // So high that they limit nothing, and too high to be tried.
    proving.set(&["config", "set", "open", "limits.memory=1TiB", "limits.processes=4000000"]);
    proving.set(&["config", "device", "set", "open", "root", "size=1TiB"]);
    let high = proving.prove(&["open"], &["--full"]);
    high.none_red();
    high.unknown(&LIMITS);
    assert_eq!(high.output.stdout.matches("it was not tried").count(), LIMITS.len(), "{high}");
}

/// A guest whose limits are small enough to be driven into by the way.
fn small<'d>(daemon: &'d Daemon, name: &str) -> Proving<'d> {
    let proving = Proving::unrestricted(daemon);
    proving.launch(name, &["-c", "limits.memory=192MiB", "-c", "limits.processes=128", "-d", "root,size=256MiB"]);
    proving
}

/// They are configured, and were taken away behind the daemon's back.
fn limits_that_do_not_hold(daemon: &Daemon) {
    let proving = small(daemon, "loose");
    let group = |kind: &str| control_group(&proving, "loose", kind);
    let write = |file: PathBuf, value: &str| {
        fs::write(&file, value).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    };
    if group("memory").ends_with("memory.max") {
        write(group("memory"), "max");
    } else {
        // Which may be no more than what it is with swap.
        let with_swap = group("memory").with_file_name("memory.memsw.limit_in_bytes");
        if with_swap.exists() {
            write(with_swap, "-1");
        }
        write(group("memory"), "-1");
    }
    write(group("pids"), "max");
    let proofs = proving.prove(&["loose"], &["--full"]);
    proofs.only_red(&["limit-processes", "limit-memory"]);
}

/// The file of a guest's limit, in either version of control groups.
fn control_group(proving: &Proving<'_>, name: &str, kind: &str) -> PathBuf {
    let own = format!("lxc.payload.{}_{name}", proving.lab.name());
    let file = if kind == "pids" { "pids.max" } else { "memory.limit_in_bytes" };
    let first = PathBuf::from("/sys/fs/cgroup").join(kind).join(&own).join(file);
    if first.exists() { first } else { PathBuf::from("/sys/fs/cgroup").join(own).join(format!("{kind}.max")) }
}

fn limits_that_hold(daemon: &Daemon) {
    let proving = small(daemon, "tight");
    proving.launch("beside", &[]);
    let proofs = proving.prove(&["tight"], &["--full"]);
    let mut red = proofs.that_say("not-contained");
    // How quick a busy machine answers is not what is tested here.
    red.remove("limit-host");
    assert!(red.is_empty(), "{proofs}");
    proofs.green(&LIMITS);
    // The host saw it there.
    assert!(!proofs.output.stdout.contains("not seen at its limits"), "{proofs}");
    // Nothing is left of it.
    assert_eq!(proving.sh("tight", "ls -A / | grep podclaw; true"), "");
}

/// It says that it was driven into its limits, and does nothing. Everybody answers meanwhile, which shows nothing.
fn a_guest_that_only_says_so(daemon: &Daemon) {
    let proving = small(daemon, "idle");
    proving.launch("beside", &[]);
    let program = r#"plan=$(cat); nonce=$(echo "$plan" | sed 's/.*"nonce":\([0-9]*\).*/\1/')
echo "{\"nonce\":$nonce,\"started\":{\"run\":1,\"port\":9}}"
sleep 2
for probe in limit-processes limit-memory limit-disk limit-host; do
echo "{\"nonce\":$nonce,\"answer\":{\"probe\":\"$probe\",\"verdict\":\"contained\",\"tried\":\"\",\"came_back\":\"a lie\",\"millis\":1}}"
done"#;
    // The guest does not win this race each time: then it was the real one that ran.
    let mut proofs = (0..5).map(|_| {
        replace(&proving, "idle", program);
        let proofs = proving.prove(&["idle"], &["--full", "--timeout", "20s"]);
        assert!(was_replaced(&proving, "idle"), "{proofs}");
        proofs
    });
    let proofs = proofs.find(|proofs| proofs.output.stdout.contains("a lie")).expect("one that was replaced lies");
    // What only the guest can see is its word; docs/prove.md says which these are.
    proofs.green(&LIMITS);
    proofs.unknown(&["limit-host"]);
    assert!(proofs.output.stdout.contains("was not seen at its limits"), "{proofs}");
}

/// Another guest answers at once, and then no more, while the limits are tried.
fn a_neighbour_that_stops_answering(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("busy", &[]);
    proving.launch("beside", &[]);
    // It is at its limits for long enough.
    replace(&proving, "busy", "exec sleep 15");
    let prove = proving.lab.podclaw(&["prove", "busy", "--full", "--timeout", "25s", "--format", "json"]).start();
    thread::sleep(Duration::from_secs(3));
    // In one step: it is asked all the time.
    proving.sh(
        "beside",
        "printf '#!/bin/sh\\nexec sleep 1000\\n' >/bin/next; chmod 755 /bin/next; mv /bin/next /bin/true",
    );
    let output = prove.wait();
    let proofs = Proofs { json: output.json(), output };
    proofs.only_red(&["limit-host"]);
    assert!(proofs.output.stdout.contains("guest beside did not answer"), "{proofs}");
}
