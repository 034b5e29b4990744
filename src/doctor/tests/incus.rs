//! What is wrong with a daemon.

use super::super::NoDaemon;
use super::super::Verdict::{Fail, Ok as Fine, Unknown, Warn};
use super::super::fixture::hidden;
use super::Case;
use crate::incus::{Certificate, Warning};

fn no_daemon(may_be_there: bool) -> NoDaemon {
    NoDaemon { why: "nobody answers".into(), help: Some("start it".into()), may_be_there }
}

fn certificate(restricted: bool) -> Certificate {
    Certificate { name: "ci".into(), kind: "client".into(), restricted, ..Certificate::default() }
}

pub(super) const CASES: &[Case] = &[
    ("incus-daemon", |host| host.daemon = Err(no_daemon(false)), Fail, "nobody answers\n\nstart it"),
    ("incus-daemon", |host| host.daemon = Err(no_daemon(true)), Unknown, "nobody answers"),
    ("incus-extensions", |host| host.daemon = Err(no_daemon(false)), Unknown, "see incus-daemon"),
    ("incus-extensions", |host| host.daemon().server.extensions.clear(), Fail, "network_acl"),
    ("incus-firewall", |host| host.daemon().server.firewall = "xtables".into(), Warn, "xtables"),
    ("incus-firewall", |host| host.daemon().server.firewall.clear(), Unknown, ""),
    (
        "incus-warnings",
        |host| {
            let kind = "AppArmor support has been disabled".into();
            let warning = Warning { kind, status: "new".into(), ..Warning::default() };
            host.daemon().warnings = Ok(vec![warning]);
        },
        Warn,
        "AppArmor support",
    ),
    ("incus-warnings", |host| host.daemon().warnings = Err("no".into()), Unknown, "no"),
    (
        "incus-warnings",
        |host| host.daemon().warnings = Ok(vec![Warning { status: "resolved".into(), ..Warning::default() }]),
        Fine,
        "none",
    ),
    ("incus-pool", |host| host.daemon().pools.as_mut().unwrap()[0].driver = "dir".into(), Warn, "dir"),
    ("incus-pool", |host| host.daemon().pools.as_mut().unwrap()[0].driver = "zfs".into(), Fail, "does not have"),
    ("incus-pool", |host| host.daemon().pools.as_mut().unwrap()[0].status = "Errored".into(), Fail, "errored"),
    ("incus-pool", |host| host.daemon().pools = Ok(vec![]), Fine, "there is no pool podclaw yet"),
    (
        "incus-pool",
        |host| {
            host.daemon().pools = Ok(vec![]);
            host.daemon().server.storage_drivers.clear();
        },
        Fail,
        "does not have",
    ),
    // A release of Incus itself.
    ("incus-advisories", |host| host.daemon().server.version = "6.0.4".into(), Fail, "CVE-2025-52890"),
    ("incus-advisories", |host| host.daemon().server.version = "x".into(), Unknown, "can't be compared"),
    // A distribution's, whose changes say nothing, some, and all.
    (
        "incus-advisories",
        |host| {
            host.daemon().server.version = "6.0.4".into();
            host.write("var/lib/dpkg/status", PACKAGE);
            host.programs.incus_changes = hidden();
        },
        Warn,
        "mended 0 in incus-base 6.0.4-2 (and its changes could not be read)",
    ),
    (
        "incus-advisories",
        |host| {
            host.daemon().server.version = "6.22".into();
            host.write("var/lib/dpkg/status", PACKAGE);
            host.programs.incus_changes = Ok("- CVE-2026-33542 / GHSA-x\n- GHSA-q9vp-3wcg-8p4x\n".into());
        },
        Warn,
        "mended 2 in",
    ),
    (
        "incus-advisories",
        |host| {
            host.daemon().server.version = "7.2".into();
            host.write("var/lib/dpkg/status", PACKAGE);
            let ids = "CVE-2026-48769 CVE-2026-62313 CVE-2026-62867 CVE-2026-62940 CVE-2026-62941 CVE-2026-63125 \
                       CVE-2026-63343 GHSA-26gp-p5fw-3r2h GHSA-67qw-68v3-36h6 GHSA-7fj9-65v4-rp7h GHSA-m3j6-p3v3-qmjv lxc/incus#3916";
            host.programs.incus_changes = Ok(ids.into());
        },
        Fine,
        "name all 12 weaknesses",
    ),
    ("incus-listens", |host| host.config("core.https_address", ":8443"), Fail, "incus config unset core.https_address"),
    ("incus-listens", |host| host.config("core.debug_address", "192.0.2.1:6060"), Fail, "the debugger"),
    ("incus-listens", |host| host.config("core.metrics_address", "[::1]:9100"), Warn, "measurements"),
    ("incus-listens", |host| host.config("core.https_address", ""), Fine, "no address"),
    ("incus-listens", |host| host.daemon().details = Err("no".into()), Unknown, "no"),
    ("incus-trust", |host| host.daemon().certificates = Ok(vec![certificate(false)]), Fail, "for everything"),
    ("incus-trust", |host| host.daemon().certificates = Ok(vec![certificate(true)]), Warn, "for some projects"),
    ("incus-trust", |host| host.config("core.trust_ca_certificates", "true"), Fail, "authority"),
    ("incus-trust", |host| host.config("oidc.issuer", "https://id"), Fail, "oidc.issuer"),
    ("incus-trust", |host| host.daemon().certificates = Err("no".into()), Unknown, "no"),
    ("incus-ids", |host| host.write("etc/subgid", "u:1:65536\n"), Fail, "/etc/subgid"),
    ("incus-ids", |host| host.write("etc/subuid", "root:1:65535\n"), Fail, "/etc/subuid"),
    ("incus-ids", |host| host.write("etc/subuid", "root:1000000:131072\n"), Warn, "enough for 2 guests"),
    ("incus-ids", |host| host.append("etc/subuid", "v:1000999999:1\n"), Fail, "v has 1000999999:1"),
    ("incus-ids", |host| host.append("etc/subuid", "v:1001000000:1\n"), Fine, "guests"),
    ("incus-ids", |host| host.remove("etc/subuid"), Warn, "there is no /etc/subuid"),
    (
        "incus-lxcfs",
        |host| host.write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"),
        Warn,
        "not mounted",
    ),
    (
        "incus-capabilities",
        |host| host.write("proc/7/status", "Name:\tincusd\nUid:\t0\nCapEff:\t000001fffeffffff\n"),
        Warn,
        "it lacks CAP_SYS_RESOURCE",
    ),
    ("incus-capabilities", |host| host.write("proc/7/uid_map", "0 100000 65536\n"), Fail, "container"),
    ("incus-capabilities", |host| host.daemon().details.as_mut().unwrap().pid = Some(8), Unknown, "not to be seen"),
    ("incus-socket", |host| host.write("etc/group", "incus-admin:x:0:eve\n"), Warn, "eve is as good as root"),
    ("incus-socket", |host| host.chmod("var/lib/incus/unix.socket", 0o666), Fail, "everybody"),
    (
        "incus-socket",
        |host| {
            host.remove("var/lib/incus/unix.socket");
            host.write("etc/group", "incus-admin:x:5:eve\n");
        },
        Warn,
        "eve",
    ),
    (
        "incus-socket",
        |host| {
            host.append("etc/group", "incus:x:6:bob\n");
            host.listen("var/lib/incus/unix.socket.user");
        },
        Warn,
        "bob: each may make containers",
    ),
];

const PACKAGE: &str = "Package: incus-base\nStatus: install ok installed\nVersion: 6.0.4-2\n";
