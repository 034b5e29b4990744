//! What is wrong with a kernel, its settings, room, clock, and the machine.

use super::super::Verdict::{Fail, Ok as Fine, Unknown, Warn};
use super::super::fixture::hidden;
use super::Case;
use crate::host::space::Space;

const ROOT: &str = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";

/// Incus' filter of a guest's card.
fn filter_of(interface: &str) -> String {
    let chain = r#""family":"bridge","table":"incus""#;
    format!(
        r#"{{"nftables":[{{"chain":{{{chain},"name":"in.l_g.eth0"}}}},{{"rule":{{{chain},"chain":"in.l_g.eth0","expr":[
            {{"match":{{"op":"==","left":{{"meta":{{"key":"iifname"}}}},"right":"{interface}"}}}},{{"drop":null}}]}}}}]}}"#
    )
}

fn table(name: &str) -> String {
    format!(r#"{{"nftables":[{{"table":{{"family":"arp","name":"{name}"}}}}]}}"#)
}

pub(super) const CASES: &[Case] = &[
    ("kernel-version", |host| host.write("proc/sys/kernel/osrelease", "4.19.0-1\n"), Fail, "older than 5.4.0"),
    ("kernel-version", |host| host.write("proc/sys/kernel/osrelease", "5.10.0-1\n"), Warn, "older than 5.15.0"),
    ("kernel-version", |host| host.write("run/reboot-required", ""), Warn, "reboot"),
    ("kernel-version", |host| host.write("lib/modules/6.13.1-1/x", ""), Warn, "6.13.1-1 is installed"),
    (
        "kernel-cgroups",
        |host| {
            host.append("proc/self/mountinfo", "9 1 0:9 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
        },
        Warn,
        "version 1",
    ),
    ("kernel-cgroups", |host| host.write("proc/self/mountinfo", ROOT), Fail, "nothing is limited"),
    ("kernel-devices", |host| host.chmod("dev/fuse", 0o600), Fail, "/dev/fuse has the mode 0600"),
    ("kernel-devices", |host| host.remove("dev/net/tun"), Fail, "there is no /dev/net/tun"),
    (
        "kernel-inotify",
        |host| host.write("proc/sys/fs/inotify/max_user_instances", "128\n"),
        Warn,
        "enough for about 12 guests",
    ),
    ("kernel-apparmor", |host| host.write("sys/module/apparmor/parameters/enabled", "N\n"), Warn, "off"),
    ("kernel-apparmor", |host| host.remove("sys/module"), Warn, "off"),
    (
        "kernel-apparmor",
        |host| host.append("sys/kernel/security/apparmor/profiles", "incus-b_</x> (complain)\n"),
        Fail,
        "incus-b_</x>: complain",
    ),
    ("kernel-apparmor", |host| host.remove("sys/kernel/security"), Unknown, "the list of AppArmor's profiles"),
    ("kernel-apparmor", |host| host.remove("sys"), Unknown, "not there"),
    ("kernel-userns", |host| host.write("proc/sys/user/max_user_namespaces", "0\n"), Fail, "max_user_namespaces is 0"),
    ("kernel-userns", |host| host.remove("proc/sys/user"), Fail, "has none"),
    ("kernel-userns", |host| host.write("proc/sys/kernel/unprivileged_userns_clone", "0\n"), Fail, "clone is 0"),
    (
        "kernel-userns",
        |host| host.write("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"),
        Fine,
        "AppArmor restricts",
    ),
    ("kernel-seccomp", |host| host.write("proc/sys/kernel/seccomp/actions_avail", "errno allow\n"), Fail, "notify"),
    ("kernel-seccomp", |host| host.remove("proc/sys/kernel/seccomp"), Fail, "no such filter"),
    (
        "kernel-settings",
        |host| host.write("proc/sys/kernel/dmesg_restrict", "0\n"),
        Warn,
        "`sysctl -w kernel.dmesg_restrict=1`",
    ),
    ("kernel-settings", |host| host.remove("proc/sys/kernel/yama"), Warn, "a kernel with Yama"),
    ("kernel-core-pattern", |host| host.write("proc/sys/kernel/core_pattern", "|/usr/x %p\n"), Warn, "|/usr/x %p"),
    ("kernel-lockdown", |host| host.write("sys/kernel/security/lockdown", "[none] integrity\n"), Warn, "no lockdown"),
    (
        "kernel-lockdown",
        |host| {
            host.remove("sys/kernel/security/lockdown");
            host.write("sys/module/module/parameters/sig_enforce", "Y\n");
        },
        Fine,
        "signed",
    ),
    ("resources-cache", |host| host.space.cache = Ok(Space { total: 9 << 30, free: 1 << 30 }), Fail, "1.0 GiB free"),
    ("resources-cache", |host| host.space.cache = hidden(), Unknown, "may not look"),
    ("resources-pool", |host| host.space.incus = Ok(Space { total: 99 << 30, free: 28 << 30 }), Warn, "29.0 GiB more"),
    (
        "resources-pool",
        |host| host.daemon().room.as_mut().unwrap().as_mut().unwrap().space.used = 29 << 30,
        Warn,
        "1.0 GiB of 30.0 GiB free in the pool",
    ),
    ("resources-pool", |host| host.daemon().room = Err("no".into()), Unknown, "no"),
    ("resources-memory", |host| host.write("proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 9 kB\n"), Fail, "3.0 GiB"),
    (
        "resources-memory",
        |host| host.write("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 9 kB\n"),
        Warn,
        "0.0 GiB of 7.6 GiB available",
    ),
    ("resources-memory", |host| host.write("proc/meminfo", "MemTotal: 1 kB\n"), Unknown, "MemAvailable"),
    ("resources-memory", |host| host.wanted.guest_memory = None, Unknown, "not known"),
    ("resources-swap", |host| host.append("proc/swaps", "/dev/sda2 partition 9 0 -2\n"), Warn, "/dev/sda2"),
    ("resources-swap", |host| host.append("proc/swaps", "/dev/zram0 partition 9 0 -2\n"), Fine, "not"),
    (
        "resources-swap",
        |host| {
            host.append("proc/swaps", "/dev/dm-1 partition 9 0 -2\n");
            host.write("sys/block/dm-1/dm/uuid", "CRYPT-PLAIN-swap\n");
        },
        Fine,
        "not",
    ),
    ("resources-clock", |host| host.now = 0, Fail, "a year before"),
    ("resources-clock", |host| host.now -= 4000, Fail, "s in the future"),
    ("resources-clock", |host| host.remove("proc/8"), Warn, "no service"),
    ("machine-kind", |host| host.write("run/systemd/container", "lxc\n"), Unknown, "this is a container (lxc)"),
    (
        "machine-kind",
        |host| {
            host.write(".dockerenv", "");
            host.write("proc/self/mountinfo", "1 0 0:9 / / rw - overlay overlay rw\n");
        },
        Unknown,
        "/.dockerenv",
    ),
    ("machine-kind", |host| host.write(".dockerenv", ""), Fine, "a virtual machine"),
    ("machine-kind", |host| host.write("proc/cpuinfo", "flags : fpu\n"), Fine, "no hypervisor"),
    (
        "machine-work",
        |host| host.write("proc/10/status", "Name:\tdockerd\nUid:\t0\nNSpid:\t10\nCapEff:\t0\n"),
        Warn,
        "dockerd: Docker",
    ),
    (
        "machine-leftovers",
        |host| host.write("sys/block/loop1/loop/backing_file", "/var/lib/incus/disks/old.img\n"),
        Warn,
        "/dev/loop1 of /var/lib/incus/disks/old.img",
    ),
    (
        "machine-leftovers",
        |host| host.write("sys/block/loop1/loop/backing_file", "/var/lib/incus/disks/podclaw.img (deleted)\n"),
        Warn,
        "/dev/loop1",
    ),
    ("machine-leftovers", |host| host.write("sys/block/loop1/loop/backing_file", "/srv/a.img\n"), Fine, "nothing"),
    ("machine-leftovers", |host| host.daemon().pools = Ok(vec![]), Warn, "/var/lib/incus/storage-pools/podclaw"),
    ("machine-leftovers", |host| host.daemon().networks = Ok([].into()), Warn, "bridge podclawbr0"),
    ("machine-leftovers", |host| host.write("sys/class/net/veth2/flags", "0x1002\n"), Warn, "`ip link delete veth2`"),
    (
        "machine-leftovers",
        |host| {
            let chain = r#"{"nftables":[{"chain":{"family":"inet","table":"incus","name":"aclfwd.oldbr0"}}]}"#;
            host.programs.nftables = Ok(chain.into());
        },
        Warn,
        "`nft flush chain inet incus aclfwd.oldbr0`, `nft delete chain inet incus aclfwd.oldbr0`",
    ),
    (
        "machine-leftovers",
        |host| host.programs.nftables = Ok(filter_of("veth9")),
        Warn,
        "chain bridge incus in.l_g.eth0",
    ),
    ("machine-leftovers", |host| host.programs.nftables = Ok(filter_of("veth1")), Fine, "nothing"),
    (
        "machine-leftovers",
        |host| host.programs.nftables = Ok(table("podclaw_old")),
        Warn,
        "`nft delete table arp podclaw_old`",
    ),
    ("machine-leftovers", |host| host.programs.nftables = Ok(table("podclaw_podclaw")), Fine, "nothing"),
    ("machine-leftovers", |host| host.programs.nftables = Ok(table("podclaw_A;x")), Fine, "nothing"),
    // Another daemon's lab.
    (
        "machine-leftovers",
        |host| {
            host.programs.nftables = Ok(table("podclaw_old"));
            host.write("sys/class/net/oldbr0/bridge/x", "");
        },
        Fine,
        "nothing",
    ),
    (
        "machine-leftovers",
        |host| {
            host.write("sys/class/net/oldbr0/bridge/x", "");
            host.write("var/lib/incus/networks/oldbr0/dnsmasq.leases", "");
        },
        Warn,
        "`ip link delete oldbr0`",
    ),
    (
        "machine-leftovers",
        |host| {
            host.daemon().server.firewall = "xtables".into();
            host.programs.nftables = hidden();
        },
        Fine,
        "nothing",
    ),
    ("machine-leftovers", |host| host.programs.nftables = hidden(), Unknown, "the firewall: this user may not look"),
];
