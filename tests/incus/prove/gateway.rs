//! Gateways that are open, in guests without the gateway's own container unless a test makes one.

use super::Proving;
use crate::harness::{Daemon, Gateway, Test, tests};

pub(crate) const TESTS: &[Test] = tests![gateways_that_are_open, containers_that_are_open, the_gateway_judges_itself];

/// Ends the gateway that runs, and waits for that.
const STOP: &str =
    "for pid in $(pidof gateway); do kill -9 $pid; done; while pidof gateway >/dev/null; do sleep 0.1; done";

fn gateways_that_are_open(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("one", &[]);
    proving.set(&["file", "push", &Gateway::program().display().to_string(), "one/gateway", "--mode=0755"]);
    let run = |gateway: Gateway| {
        let stop = format!("{STOP}; ");
        let start = format!(
            "{} OPENCLAW_GATEWAY_TOKEN=secret /gateway >/dev/null 2>&1 </dev/null & sleep 1",
            gateway.environment()
        );
        proving.sh("one", &format!("{stop}{start}"));
        proving.prove(&["one"], &[])
    };
    // It listens on all addresses, in all of them.
    let works = run(Gateway::Works);
    works.only_red(&["gateway-loopback"]);
    works.green(&["gateway-token", "gateway-origin"]);
    run(Gateway::AsksForNoToken).only_red(&["gateway-loopback", "gateway-token"]);
    run(Gateway::TakesAnyOrigin).only_red(&["gateway-loopback", "gateway-origin"]);
    let hangs = run(Gateway::Hangs);
    hangs.only_red(&["gateway-loopback"]);
    hangs.unknown(&["gateway-token", "gateway-origin"]);
}

/// A container whose root can't be written, and what is to run in it.
const READ_ONLY: &str = "unshare -m -p -n -f sh -c 'mount --bind / /tmp && mount -o remount,ro,bind /tmp && cd /tmp && pivot_root . mnt && umount -l /mnt; ";

fn containers_that_are_open(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("one", &[]);
    proving.set(&["file", "push", &Gateway::program().display().to_string(), "one/gateway", "--mode=0755"]);
    proving.sh("one", "mkdir -p /mnt");
    // Processes and a network of its own, as a container has; and all that root in the guest may do.
    proving.sh("one", "unshare -p -n -f /gateway >/dev/null 2>&1 </dev/null & sleep 1");
    proving.prove(&["one"], &[]).only_red(&["gateway-capabilities", "gateway-read-only"]);
    // The root alone.
    proving.sh("one", &format!("{STOP}; {READ_ONLY} exec /gateway' >/dev/null 2>&1 </dev/null & sleep 1"));
    proving.prove(&["one"], &[]).only_red(&["gateway-capabilities"]);
    // Something else is in a container, and the gateway is not.
    proving.sh("one", &format!("{STOP}; {READ_ONLY} exec sleep 1000' >/dev/null 2>&1 </dev/null & sleep 1"));
    proving.prove(&["one"], &[]).unknown(&["gateway-read-only"]);
}

/// A stand-in for Podman says what the gateway would.
fn the_gateway_judges_itself(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("one", &[]);
    let judge = |says: &str| {
        let script =
            format!("mkdir -p /home/openclaw; printf '#!/bin/sh\\n{says}\\n' >/bin/podman; chmod 755 /bin/podman");
        proving.sh("one", &script);
        proving.prove(&["one"], &["--full"])
    };
    judge(r#"echo \x27{"summary":{"critical":2}}\x27"#).red(&["gateway-audit"]);
    judge(r#"echo warning; echo \x27{"summary":{"critical":0}}\x27"#).green(&["gateway-audit"]);
    judge(r#"echo \x27{"summary":{"critical":0}}\x27 | tr 0 x"#).unknown(&["gateway-audit"]);
    // One that says nothing at all, in the time that there is.
    let began = std::time::Instant::now();
    proving.sh("one", "printf '#!/bin/sh\\nsleep 1000\\n' >/bin/podman");
    proving.prove(&["one"], &["--full", "--timeout", "25s"]).unknown(&["gateway-audit"]);
    assert!(began.elapsed() < std::time::Duration::from_mins(1), "it waits longer than it may");
}
