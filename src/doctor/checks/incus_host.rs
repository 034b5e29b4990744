//! What the daemon needs of the machine, and who may use it.

use super::{Check, Group, Said, Subject, with_daemon};
use crate::host::accounts::{Range, ranges};
use crate::host::{Unseen, daemon_socket, processes};

/// The ids that one guest takes.
const IDS: u64 = 65_536;
/// How many guests there should be ids for.
const GUESTS: u64 = 10;
/// `CAP_SYS_ADMIN` and `CAP_SYS_RESOURCE`, as bits.
const CAPABILITIES: [(&str, u64); 2] = [("CAP_SYS_ADMIN", 1 << 21), ("CAP_SYS_RESOURCE", 1 << 24)];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "incus-ids",
        group: Group::Incus,
        title: "root may hand user ids to guests, and to nobody else",
        why: "Each guest has 65536 ids of its own, from root's ranges. Ids that another user of the host may also take \
              would make that user the owner of a guest's files.",
        remedy: "`echo root:1000000:1000000000 | tee -a /etc/subuid >>/etc/subgid`, then restart the daemon",
        essential: false,
        judge: ids,
    },
    Check {
        id: "incus-lxcfs",
        group: Group::Incus,
        title: "lxcfs runs",
        why: "Without it a guest sees the host's memory, processors and uptime, and programs in it size themselves after \
              them until the limit kills them.",
        remedy: "`apt-get install lxcfs && systemctl start lxcfs`, and restart the guests",
        essential: false,
        judge: lxcfs,
    },
    Check {
        id: "incus-capabilities",
        group: Group::Incus,
        title: "the daemon has the capabilities that it needs",
        why: "Without CAP_SYS_RESOURCE the interception of mknod fails with errors that mislead. In a user namespace of its \
              own, which is to say in a container, the daemon intercepts nothing.",
        remedy: "start incusd as root outside of any container, without a bounding set (`CapabilityBoundingSet=` of its unit)",
        essential: false,
        judge: capabilities,
    },
    Check {
        id: "incus-socket",
        group: Group::Incus,
        title: "only root may use the daemon",
        why: "Whoever may use the daemon's socket is root on the host, whatever the lab's project refuses.",
        remedy: "`gpasswd --delete USER incus-admin`",
        essential: false,
        judge: socket,
    },
];

fn ids(subject: &Subject) -> Said {
    let mut guests = u64::MAX;
    for file in ["/etc/subuid", "/etc/subgid"] {
        let all = match ranges(&subject.root, file) {
            Ok(all) => all,
            // The daemon then takes ids as it likes, which works without newuidmap only.
            Err(Unseen::Missing) => {
                return Said::warn(format!("there is no {file}, and the daemon takes ids of its choice"));
            }
            Err(why) => return Said::unseen(file, &why),
        };
        let is_roots = |range: &&Range| range.owner == "root" || range.owner == "0";
        let (own, others): (Vec<&Range>, Vec<&Range>) = all.iter().partition(is_roots);
        let count: u64 = own.iter().filter(|range| range.count >= IDS).map(|range| range.count / IDS).sum();
        if count == 0 {
            return Said::fail(format!("root has no range of at least {IDS} ids in {file}"))
                .mend(format!("`echo root:1000000:1000000000 >>{file}`, then restart the daemon"));
        }
        let shared: Vec<_> = others.iter().filter(|other| own.iter().any(|own| own.overlaps(other))).collect();
        if !shared.is_empty() {
            let lines = shared.iter().map(|it| format!("{file}: {} has {}:{}", it.owner, it.start, it.count));
            return Said::fail("others may take root's ids")
                .with(lines)
                .mend("give them ranges outside of root's, as with `usermod --add-subuids FIRST-LAST USER`");
        }
        guests = guests.min(count);
    }
    if guests < GUESTS {
        return Said::warn(format!("enough for {guests} guests"));
    }
    Said::ok(format!("enough for {guests} guests"))
}

fn lxcfs(subject: &Subject) -> Said {
    match (&subject.mounts, &subject.processes) {
        (Ok(mounts), _) if mounts.iter().any(|mount| mount.kind == "fuse.lxcfs") => Said::ok("it is mounted"),
        (Ok(_), Ok(_)) => Said::warn("it is not mounted"),
        (Err(why), _) | (_, Err(why)) => Said::unseen("the mounts", why),
    }
}

fn capabilities(subject: &Subject) -> Said {
    with_daemon(subject, |daemon| {
        let pid = match &daemon.details {
            Ok(details) => details.pid,
            Err(why) => return Said::unknown(why),
        };
        let process = pid.and_then(|pid| processes::process(&subject.root, pid));
        let Some(process) = process.filter(|it| it.name == "incusd") else {
            return Said::unknown("the daemon's process is not to be seen from here");
        };
        let missing: Vec<&str> =
            CAPABILITIES.iter().filter(|(_, bit)| process.capabilities & bit == 0).map(|(name, _)| *name).collect();
        match processes::is_in_first_user_namespace(&subject.root, process.pid) {
            Err(why) => Said::unseen("its user namespace", &why),
            Ok(false) => Said::fail("it runs in a user namespace, so in a container"),
            Ok(true) if !missing.is_empty() => Said::warn(format!("it lacks {}", missing.join(" and "))),
            Ok(true) => Said::ok("it has CAP_SYS_ADMIN and CAP_SYS_RESOURCE"),
        }
    })
}

fn socket(subject: &Subject) -> Said {
    let groups = match &subject.groups {
        Ok(groups) => groups,
        Err(why) => return Said::unseen("/etc/group", why),
    };
    let path = subject.wanted.incus_dir.join("unix.socket");
    let access = match daemon_socket::access(&subject.root, &path, groups) {
        Ok(access) => access,
        Err(why) => return Said::unseen(&path.display().to_string(), &why),
    };
    if access.everybody {
        return Said::fail(format!("everybody may use {}", path.display()))
            .mend(format!("`chmod o= {}`, and look who changed it", path.display()));
    }
    if access.owner != 0 {
        return Said::fail(format!("{} belongs to user {}", path.display(), access.owner));
    }
    let Some(name) = &access.group else { return Said::ok("the socket is root's alone") };
    let mut lines: Vec<String> =
        access.members.iter().map(|member| format!("{member} is as good as root, by the group {name}")).collect();
    if !access.users.is_empty() {
        lines.push(format!("{}: each may make containers in a project of their own", access.users.join(", ")));
    }
    if lines.is_empty() {
        return Said::ok(format!("nobody is in the group {name}"));
    }
    Said::warn(format!("{} users besides root may use the daemon", lines.len())).with(lines)
}
