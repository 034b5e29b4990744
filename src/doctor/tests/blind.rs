//! What could not be seen is never taken for being right.

use super::super::fixture::{Host, hidden};
use super::super::{NoDaemon, Verdict, examine};

/// Files that can't be read, and a check that must not call that right.
const NEEDED: &[(&str, &[&str])] = &[
    ("etc/passwd", &["secrets-ssh-keys", "secrets-tokens", "net-authorized-keys"]),
    ("etc/group", &["incus-socket"]),
    ("etc/subgid", &["incus-ids"]),
    ("etc/ssh/sshd_config", &["net-ssh"]),
    ("var/lib/dpkg/status", &[]),
    ("proc/cpuinfo", &["machine-kind"]),
    ("proc/meminfo", &["resources-memory"]),
    ("proc/swaps", &["resources-swap"]),
    ("proc/self/mountinfo", &["kernel-cgroups", "secrets-mounts", "secrets-clouds", "incus-lxcfs"]),
    ("proc/1/status", &["machine-work", "resources-clock"]),
    ("proc/7/status", &["incus-capabilities"]),
    ("proc/7/uid_map", &["incus-capabilities"]),
    ("proc/net/tcp", &["net-listeners"]),
    ("proc/sys/kernel/osrelease", &["kernel-version"]),
    ("proc/sys/kernel/core_pattern", &["kernel-core-pattern"]),
    ("proc/sys/kernel/dmesg_restrict", &["kernel-settings"]),
    ("proc/sys/kernel/seccomp/actions_avail", &["kernel-seccomp"]),
    ("proc/sys/user/max_user_namespaces", &["kernel-userns"]),
    ("proc/sys/net/ipv4/ip_forward", &["net-routing"]),
    ("proc/sys/net/ipv4/conf/all/rp_filter", &["net-rp-filter"]),
    ("proc/sys/net/ipv6/conf/all/forwarding", &["net-ipv6"]),
    ("sys/kernel/security/lockdown", &["kernel-lockdown"]),
    ("sys/module/apparmor/parameters/enabled", &["kernel-apparmor"]),
];

#[test]
fn a_file_that_cannot_be_read() {
    for (path, ids) in NEEDED {
        let host = Host::fit();
        host.remove(path);
        // A directory in its place can't be read, whoever tries.
        std::fs::create_dir(host.root().join(path)).unwrap();
        for id in *ids {
            let (verdict, said) = host.verdict(id);
            assert_eq!(verdict, Verdict::Unknown, "{path}, {id}: {said}");
        }
    }
}

#[test]
fn a_directory_that_is_not_there() {
    for (path, ids) in [
        ("sys/class/net", &["net-routing", "net-tunnels", "net-vlans", "machine-leftovers"][..]),
        ("proc", &["machine-work", "resources-clock", "kernel-version", "net-listeners", "resources-swap"]),
        ("etc", &["net-flush", "incus-socket"]),
        ("sys", &["kernel-apparmor", "net-tunnels", "machine-leftovers"]),
    ] {
        let host = Host::fit();
        host.remove(path);
        for id in ids {
            let (verdict, said) = host.verdict(id);
            assert_eq!(verdict, Verdict::Unknown, "{path}, {id}: {said}");
        }
    }
}

#[test]
fn an_empty_machine_is_not_fit() {
    let mut host = Host::fit();
    for path in ["proc", "sys", "etc", "var", "dev", "home", "root"] {
        host.remove(path);
    }
    host.daemon = Err(NoDaemon { why: "none".into(), help: None, may_be_there: true });
    let diagnosis = examine(&host.subject());
    assert!(diagnosis.is_blind());
    let fine: Vec<_> = diagnosis.checks.iter().filter(|it| it.verdict == Verdict::Ok).map(|it| it.id).collect();
    // What is not there is no SSH server and no agent; the others do not come from the files that are gone.
    assert_eq!(fine, ["net-nat", "net-ssh", "secrets-agents", "resources-cache", "resources-pool"]);
}

#[test]
fn an_ordinary_user_sees_less() {
    let host = Host::fit();
    host.write("root/.ssh/k", "-----BEGIN OPENSSH PRIVATE KEY-----");
    host.chmod("root/.ssh", 0o000);
    let (verdict, said) = host.verdict("secrets-ssh-keys");
    if rustix::process::geteuid().is_root() {
        // Nothing is hidden from root.
        assert_eq!(verdict, Verdict::Fail, "{said}");
    } else {
        assert_eq!(verdict, Verdict::Unknown, "{said}");
        assert!(said.contains("run it as root"), "{said}");
    }
    host.chmod("root/.ssh", 0o700);
}

#[test]
fn a_daemon_that_answers_in_part() {
    /// How it is spoiled, and the checks that must not call that right.
    type Case = (fn(&mut Host), &'static [&'static str]);
    let cases: &[Case] = &[
        (|host| host.daemon().details = Err("no".into()), &["incus-listens", "incus-trust", "incus-capabilities"]),
        (|host| host.daemon().certificates = Err("no".into()), &["incus-trust"]),
        (|host| host.daemon().warnings = Err("no".into()), &["incus-warnings"]),
        (|host| host.daemon().pools = Err("no".into()), &["incus-pool", "machine-leftovers"]),
        (|host| host.daemon().networks = Err("no".into()), &["machine-leftovers"]),
        (|host| host.daemon().room = Err("no".into()), &["resources-pool"]),
        (|host| host.space.incus = hidden(), &["resources-pool"]),
        (|host| host.programs.nftables = hidden(), &["net-nat", "machine-leftovers"]),
        (
            |host| host.daemon = Err(NoDaemon { why: "none".into(), help: None, may_be_there: false }),
            &[
                "incus-extensions",
                "incus-firewall",
                "incus-warnings",
                "incus-pool",
                "incus-advisories",
                "incus-listens",
                "incus-trust",
                "incus-capabilities",
                "machine-leftovers",
            ],
        ),
    ];
    for (number, (spoil, ids)) in cases.iter().enumerate() {
        let mut host = Host::fit();
        spoil(&mut host);
        for id in *ids {
            let (verdict, said) = host.verdict(id);
            assert_eq!(verdict, Verdict::Unknown, "case {number}, {id}: {said}");
        }
        // Nothing else changes.
        let wrong = examine(&host.subject()).checks.into_iter().filter(|it| it.verdict != Verdict::Ok);
        let wrong: Vec<_> = wrong.map(|it| it.id).filter(|id| !ids.contains(id) && *id != "incus-daemon").collect();
        assert!(wrong.is_empty(), "case {number}: {wrong:?}");
    }
}
