//! Guests without their protections. The machine's own settings stay as they are: where a probe reads one of them, it is shown
//! another file in its place.

use std::fs;

use super::Proving;
use crate::common::PODCLAW;
use crate::harness::{Daemon, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    devices_and_paths,
    ids_and_namespaces,
    filters_of_system_calls,
    root_of_the_host,
    what_the_guest_hides,
    sockets_to_the_hypervisor,
    settings_of_the_host
];

fn devices_and_paths(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    proving.launch("api", &["-c", "security.guestapi=true"]);
    // Its directory is the host's, too.
    proving.prove(&["api"], &[]).only_red(&["host-guest-api", "host-paths"]);
    proving.set(&["config", "set", "api", "security.guestapi=false"]);

    let add = |device: &[&str]| proving.set(&[&["config", "device", "add", "api"], device].concat());
    add(&["etc", "disk", "source=/etc", "path=/mnt"]);
    proving.prove(&["api"], &[]).only_red(&["host-paths"]);
    proving.set(&["config", "device", "remove", "api", "etc"]);
    add(&["log", "unix-char", "source=/dev/kmsg", "path=/dev/kmsg", "mode=0666"]);
    proving.prove(&["api"], &[]).only_red(&["host-paths"]);
    proving.set(&["config", "device", "remove", "api", "log"]);
    // No disk: a loop device that nothing hangs on.
    add(&["disk", "unix-block", "source=/dev/loop0", "path=/dev/disk"]);
    proving.prove(&["api"], &[]).red(&["host-devices", "host-paths"]);
}

fn ids_and_namespaces(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    for name in ["same-a", "same-b"] {
        proving.launch(name, &["-c", "security.idmap.isolated=false"]);
    }
    proving.prove(&["same-a"], &[]).only_red(&["kernel-idmap"]);
    // The users of a privileged guest are the host's, and those of any other such guest.
    for name in ["first", "second"] {
        proving.launch(name, &["-c", "security.privileged=true"]);
    }
    let proofs = proving.prove(&["first"], &[]);
    proofs.red(&["kernel-namespaces"]);
    for with in ["the host", "guest second"] {
        assert!(proofs.output.stdout.contains(&format!("user with {with}")), "{with}: {proofs}");
    }
}

fn filters_of_system_calls(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    // There is a filter still: the one by which the daemon makes nodes in place of the guest.
    proving.launch("some", &["-c", "security.syscalls.deny_default=false"]);
    proving.prove(&["some"], &[]).only_red(&["kernel-seccomp"]);
    proving.launch("none", &["-c", "raw.lxc=lxc.seccomp.profile ="]);
    let proofs = proving.prove(&["none"], &[]);
    proofs.red(&["kernel-seccomp"]);
    assert!(proofs.output.stdout.contains("no filter"), "{proofs}");
}

fn root_of_the_host(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    proving.launch("root", &["-c", "security.privileged=true", "-c", "security.syscalls.deny_default=false"]);
    // What the daemon does not mount for it, it mounts itself.
    proving.sh("root", "mkdir -p /sys/kernel/debug; mount -t debugfs none /sys/kernel/debug");
    proving.prove(&["root"], &[]).red(&[
        "kernel-idmap",
        "kernel-namespaces",
        "kernel-capabilities",
        "kernel-seccomp",
        "kernel-settings",
        "kernel-log",
        "host-mounts",
        "host-debugfs",
        "host-cgroups",
    ]);
}

/// The host looks wherever a guest could put something.
fn what_the_guest_hides(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    proving.launch("hides", &[]);
    proving.set(&["config", "device", "add", "hides", "etc", "disk", "source=/etc", "path=/mnt"]);
    proving.sh("hides", "unshare -m sleep 1000 >/dev/null 2>&1 </dev/null & sleep 1; umount -l /mnt");
    let mounts = proving.sh("hides", "cat /proc/1/mountinfo");
    assert!(!mounts.contains(" /mnt "), "it is hidden: {mounts}");
    proving.prove(&["hides"], &[]).only_red(&["host-paths"]);
}

fn sockets_to_the_hypervisor(daemon: &Daemon) {
    let proving = Proving::unrestricted(daemon);
    proving.launch("closed", &[]);
    let closed = proving.prove(&["closed"], &[]);
    closed.none_red();
    // The filter sees only 64-bit programs, and says so where the kernel has such sockets.
    let is_there = std::path::Path::new("/dev/vsock").exists();
    if is_there {
        closed.unknown(&["host-vsock"]);
    } else {
        closed.green(&["host-vsock"]);
    }
    if is_there {
        proving.launch("open", &["-c", "security.syscalls.deny=kexec_load errno 38"]);
        proving.prove(&["open"], &[]).only_red(&["host-vsock"]);
    }
}

/// Looked at with other files in the place of the host's settings, in a mount namespace that is podclaw's alone.
fn settings_of_the_host(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    proving.launch("one", &[]);
    let lab = &proving.lab;
    let prove = |setting: &str, value: &str| {
        let file = lab.dir().join("setting");
        fs::write(&file, format!("{value}\n")).expect("it can be written");
        let script = format!("mount --bind '{}' /proc/sys/{setting} && exec \"$@\"", file.display());
        let program = daemon.program("unshare").cwd(lab.dir()).args(&["-m", "sh", "-c", &script, "sh", PODCLAW]);
        let program = program.arg("--socket").arg(daemon.socket()).arg("--lab-file").arg(lab.file());
        let output = program.args(&["prove", "one", "--format", "json"]).run();
        super::Proofs { json: output.json(), output }
    };
    for (setting, good, bad, probe) in [
        ("kernel/dmesg_restrict", "1", "0", "kernel-log"),
        ("kernel/unprivileged_bpf_disabled", "2", "0", "kernel-unprivileged"),
        ("kernel/perf_event_paranoid", "2", "1", "kernel-unprivileged"),
        ("vm/unprivileged_userfaultfd", "0", "1", "kernel-unprivileged"),
    ] {
        prove(setting, good).green(&[probe]);
        prove(setting, bad).only_red(&[probe]);
    }
}
