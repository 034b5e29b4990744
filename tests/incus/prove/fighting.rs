//! Guests that fight back. Whatever they do, a proof ends in its time, and what nobody saw is not contained.

use std::time::{Duration, Instant};

use super::{Proofs, Proving};
use crate::harness::{Daemon, Test, tests};

pub(crate) const TESTS: &[Test] =
    tests![guests_without_anything_left, runners_that_are_replaced, a_runner_that_lies, a_guest_that_stands_still];

/// What only the guest could say, and what nobody saw because nothing was sent.
const OF_THE_GUEST: [&str; 12] = [
    "control-resolver",
    "net-host",
    "net-lan",
    "net-resolvers",
    "kernel-capabilities",
    "kernel-seccomp",
    "kernel-modules",
    "kernel-log",
    "host-devices",
    "host-mounts",
    "host-cgroups",
    "host-vsock",
];

fn within(proving: &Proving<'_>, names: &[&str], more: &[&str]) -> Proofs {
    let began = Instant::now();
    let proofs = proving.prove(names, more);
    assert!(began.elapsed() < Duration::from_mins(1), "{proofs}");
    proofs
}

/// Nothing that the guest had to do or to say is known.
#[track_caller]
fn without_a_word(proofs: &Proofs) {
    proofs.none_red();
    proofs.unknown(&OF_THE_GUEST);
}

fn guests_without_anything_left(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let lab = &proving.lab;
    proving.launch("one", &[]);
    // A gateway that takes connections and says nothing, and tools that are others.
    // A command that the daemon says it lost is run again, and may have been run before.
    proving.sh("one", "(sleep 1000 | nc -l -p 18789) >/dev/null 2>&1 & rm -f /bin/ls /bin/cat /bin/mount");
    let proofs = within(&proving, &["one"], &[]);
    proofs.red(&["gateway-loopback"]);
    proofs.green(&["host-devices"]);
    proofs.unknown(&["gateway-token"]);

    // A disk that is full.
    proving.sh(
        "one",
        "b=/bin/busybox; $b dd if=/dev/zero of=/fill bs=1M count=20000 2>/dev/null; $b dd if=/dev/zero of=/fill2 bs=1k count=2000 2>/dev/null; true",
    );
    without_a_word(&within(&proving, &["one"], &[]));
    proving.sh("one", "rm -f /fill /fill2");

    // No tool at all: the runner needs none.
    proving.sh("one", "for tool in /bin/*; do [ $tool = /bin/busybox ] || /bin/busybox rm -f $tool; done");
    within(&proving, &["one"], &[]).green(&["host-devices", "net-host", "control-resolver"]);

    // No process left.
    proving.launch("two", &[]);
    proving.set(&["config", "set", "two", "limits.processes=12"]);
    lab.exec(&["two", "--", "sh", "-c", "while :; do sleep 1000 & done 2>/dev/null"], "");
    // The shell that could not start another one has ended itself, and left room for one.
    proving.set(&["config", "set", "two", "limits.processes=8"]);
    without_a_word(&within(&proving, &["two"], &["--timeout", "5s"]));
}

fn a_guest_that_stands_still(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("two", &[]);
    proving.set(&["pause", "two"]);
    let paused = proving.lab.podclaw(&["prove", "two", "--timeout", "5s"]).run();
    assert!(matches!(paused.code, 1 | 3) && !paused.stdout.contains("✓ host-devices"), "{paused}");
}

/// Has the guest put another program in the runner's place as soon as it is there.
pub(super) fn replace(proving: &Proving<'_>, name: &str, program: &str) {
    let input = format!("#!/bin/sh\n{program}\n");
    proving.lab.exec(&[name, "--", "sh", "-c", "cat >/evil; chmod 755 /evil"], &input).ok();
    // It is made executable when all of it is there. Renaming takes one program, so it is in time.
    let swap = "cd /run; cp -p /evil next; set --; while [ ! -x \"$1\" ]; do set -- podclaw-probe-*; done; mv next $1; touch /replaced";
    proving.sh(name, &format!("rm -f /run/* /replaced; ({swap}) >/dev/null 2>&1 </dev/null &"));
}

pub(super) fn was_replaced(proving: &Proving<'_>, name: &str) -> bool {
    !proving.sh(name, "ls /replaced; true").is_empty()
}

fn runners_that_are_replaced(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("one", &[]);
    for program in [
        // It reads what it is to do, and says nothing, for ever.
        "cat >/dev/null; exec sleep 1000",
        // It says too much, in both ways.
        "exec yes",
        "exec yes >&2",
        "yes & exec yes >&2",
        "tr -d '\\n' </dev/zero & exec cat /dev/zero",
        // It ends at once.
        "exit 0",
        "kill -9 $$",
    ] {
        // The guest does not win this race each time: then it was the real one that ran, and said something.
        let mut proofs = (0..5).map(|_| {
            replace(&proving, "one", program);
            let proofs = within(&proving, &["one"], &["--timeout", "6s"]);
            assert!(was_replaced(&proving, "one"), "it was not replaced: {proofs}");
            proofs
        });
        let is_quiet = |proofs: &Proofs| !proofs.that_say("contained").contains("kernel-capabilities");
        without_a_word(&proofs.find(is_quiet).expect("one that was replaced says nothing"));
        proving.sh("one", "for p in $(pidof yes sleep tr cat); do kill -9 $p; done; true");
    }
}

/// It reads the number that nobody else is to know, and says what it likes. What the host looks at is not impressed.
fn a_runner_that_lies(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("one", &[]);
    let program = r#"plan=$(cat); nonce=$(echo "$plan" | sed 's/.*"nonce":\([0-9]*\).*/\1/')
echo "{\"nonce\":$nonce,\"started\":{\"run\":1,\"port\":9}}"
echo "{\"nonce\":$nonce,\"sent\":null}" >/dev/null
for probe in control-resolver control-egress net-host net-lan net-reserved net-metadata net-resolvers net-sibling net-ipv6 net-source-spoof net-arp-spoof net-mac-spoof net-inbound kernel-idmap kernel-seccomp kernel-apparmor kernel-log host-devices host-paths host-vsock gateway-loopback gateway-token gateway-capabilities gateway-read-only limit-host gateway-audit; do
echo "{\"nonce\":$nonce,\"answer\":{\"probe\":\"$probe\",\"verdict\":\"contained\",\"tried\":\"\",\"came_back\":\"a lie\",\"millis\":1}}"
done
echo "{\"nonce\":$nonce,\"said\":1}" >/dev/null; echo "{\"nonce\":$nonce,\"ended\":null}" >/dev/null"#;
    replace(&proving, "one", program);
    let proofs = within(&proving, &["one"], &["--timeout", "6s"]);
    assert!(was_replaced(&proving, "one"), "{proofs}");
    // What only the guest can see is its word; docs/prove.md says which these are.
    proofs.green(&["host-devices", "control-resolver"]);
    proofs.unknown(&[
        "control-egress",
        "net-host",
        "net-lan",
        "net-reserved",
        "net-metadata",
        "net-resolvers",
        "net-ipv6",
        "net-source-spoof",
        "net-arp-spoof",
        "net-mac-spoof",
        "gateway-loopback",
        "gateway-capabilities",
        "gateway-read-only",
    ]);
    // These are true, and the host's own.
    proofs.green(&["net-inbound", "kernel-idmap", "host-paths"]);
    assert!(!proofs.output.stdout.contains("\"came_back\": \"a lie; "), "{proofs}");

    // The same guest, open to the host: a lie does not cover that.
    let network = proving.lab.network();
    daemon.incus(&["network", "unset", &network, "security.acls"]).run().ok();
    proving.lab.remove_fence();
    replace(&proving, "one", program);
    within(&proving, &["one"], &["--timeout", "6s"]).only_red(&["net-inbound", "net-acl", "net-fence"]);
}
