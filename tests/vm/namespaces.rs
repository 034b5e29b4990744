//! A kernel that keeps user namespaces from programs without a profile: Podman works there with podclaw's profiles, and
//! fails without them, in whatever order the stages come.

use std::time::Duration;

use crate::common::Output;
use crate::harness::{Machine, Test, tests};
use crate::lab::{GUEST, ready};

pub(crate) const TESTS: &[Test] = tests![podman_needs_the_profiles];

const PROFILE: &str = "/etc/podclaw-test-no-userns";

/// A command of the service user's.
fn as_user(machine: &Machine, command: &str) -> Output {
    let script = format!(
        "cd /; runuser -u openclaw -- env -i PATH=/usr/bin:/bin HOME=/home/openclaw XDG_RUNTIME_DIR=/run/user/1000 \
         DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus {command}"
    );
    machine.guest(GUEST, &script).end()
}

fn stage(machine: &Machine, stage: &str) -> Output {
    machine.guest(GUEST, &format!("/usr/local/lib/podclaw/stages/{stage} 2>&1")).timeout(Duration::from_mins(2)).end()
}

/// Stops the gateway, and Podman's own process, whose user namespace others would join.
fn stop(machine: &Machine) {
    as_user(machine, "systemctl --user stop openclaw.service").ok();
    as_user(machine, "podman system migrate").ok();
}

fn podman_needs_the_profiles(machine: &Machine) {
    ready(machine);
    machine.guest(GUEST, &format!("cat >{PROFILE}")).stdin(include_str!("guest/no-userns")).ok();
    stop(machine);
    machine.guest(GUEST, &format!("apparmor_parser --replace --skip-cache {PROFILE}")).ok();

    // In force for everything else.
    let other = as_user(machine, "unshare --user true");
    assert!(other.code != 0, "anything can make a user namespace: {other}");
    assert_eq!(stage(machine, "3-user").code, 0, "podman can");
    stage(machine, "7-start").ok();
    let runs = as_user(machine, "podman ps --format '{{.Names}}'").ok();
    assert_eq!(runs, "openclaw\n");

    // Without podclaw's profiles: as if the user came before AppArmor.
    stop(machine);
    machine.guest(GUEST, "apparmor_parser --remove /etc/apparmor.d/podclaw-*").ok();
    let early = stage(machine, "3-user");
    let start = as_user(machine, "timeout 60 systemctl --user start openclaw.service");
    machine
        .guest(GUEST, "runuser -u openclaw -- env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user reset-failed")
        .end();
    assert!(early.code != 0 && early.stdout.contains("cannot make a user namespace"), "{early}");
    assert!(start.code != 0, "the gateway starts without podclaw's profiles: {start}");

    // In the right order.
    stage(machine, "2-apparmor").ok();
    stage(machine, "3-user").ok();
    stage(machine, "7-start").ok();
    machine.guest(GUEST, &format!("apparmor_parser --remove {PROFILE} && rm {PROFILE}")).ok();
}
