//! Control groups of version 2: the limits of what Quadlet starts for a user hold.

use std::time::Duration;

use crate::harness::{Machine, Test, tests};
use crate::lab::{GUEST, ready};

pub(crate) const TESTS: &[Test] = tests![the_gateways_limits_are_set, limits_of_a_quadlet_hold];

fn the_gateways_limits_are_set(machine: &Machine) {
    ready(machine);
    let script = "
        set -e
        pid=$(runuser -u openclaw -- env XDG_RUNTIME_DIR=/run/user/1000 podman inspect openclaw --format '{{.State.Pid}}')
        group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$pid/cgroup)
        echo $group
        while ! grep -q '^[0-9]' $group/pids.max; do
            group=${group%/*}
            [ -n \"$group\" ]
        done
        cat $group/memory.max $group/pids.max";
    let said = machine.guest(GUEST, &format!("cd /{script}")).ok();
    let lines: Vec<&str> = said.lines().collect();
    let [group, memory, processes] = *lines else { panic!("{said}") };
    assert_eq!((memory, processes), ("2147483648", "512"), "{said}");
    // So it is with `--cgroups=split`, and with nothing else.
    assert!(group.contains("/openclaw.service/libpod-payload-"), "the container is not in its unit's group: {group}");
}

/// Runs the container of limits.container with these lines, and gives what it said.
fn limited(machine: &Machine, lines: &str) -> String {
    let unit = include_str!("guest/limits.container").replace("@LIMITS@", lines);
    let script = "
        cat >/etc/containers/systemd/users/1000/limits.container
        run() { runuser -u openclaw -- env -i PATH=/usr/bin:/bin HOME=/home/openclaw XDG_RUNTIME_DIR=/run/user/1000 \
            DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus \"$@\"; }
        cd /
        begun=$(date +%s)
        run systemctl --user daemon-reload
        run systemctl --user start limits.service
        rm /etc/containers/systemd/users/1000/limits.container
        journalctl --no-pager --output=cat --since=@$begun CONTAINER_NAME=limits";
    machine.guest(GUEST, script).stdin(&unit).timeout(Duration::from_mins(2)).ok()
}

fn limits_of_a_quadlet_hold(machine: &Machine) {
    ready(machine);
    let import = "
        set -e
        mkdir -p /tmp/box/bin /tmp/box/tmp
        cp /podclaw/busybox /tmp/box/bin/busybox
        cat >/tmp/box/limits.sh
        tar -C /tmp/box -c . | incus --project podclaw exec demo -T -- runuser -u openclaw -- \
            env -i PATH=/usr/bin:/bin HOME=/home/openclaw XDG_RUNTIME_DIR=/run/user/1000 sh -c 'cd / && podman import - localhost/busybox:test'";
    machine.sh(import).stdin(include_str!("guest/limits.sh")).ok();

    let held = limited(machine, "PidsLimit=32\nPodmanArgs=--memory=48m --memory-swap=48m --cpus=0.5");
    let number = |said: &str, what: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("no {what}: {said}"));
        line.trim().parse::<u32>().unwrap_or_else(|error| panic!("{what}: {error}: {said}"))
    };
    assert!(held.contains("groups 50331648 32 50000 100000"), "{held}");
    assert_ne!(number(&held, "memory "), 0, "96 MiB of 48 were to be had: {held}");
    assert!(number(&held, "processes ") <= 32, "{held}");
    assert_ne!(number(&held, "throttled "), 0, "{held}");

    // Without limits it gets all of it.
    let free = limited(machine, "PidsLimit=-1");
    assert_eq!(number(&free, "memory "), 0, "{free}");
    assert!(number(&free, "processes ") > 60, "{free}");
    assert_eq!(number(&free, "throttled "), 0, "{free}");
}
