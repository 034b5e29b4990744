//! A guest as the host's kernel sees it: its first process in `/proc`. The guest can't change what stands there.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::facts::listener;
use super::processes::gateway_processes;
use crate::probe::{self, Outcome};

/// The first process of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pid: u32,
}

/// A line of an id map: ids inside, ids outside, how many.
type IdRange = (u64, u64, u64);

const UNREADABLE: &str =
    "the host does not let podclaw look at the guest's processes; run it as root on the guest's host";

/// The view of the guest whose first process has this id on the host; `None` where that is no such process.
#[must_use]
pub fn view(pid: i64) -> Option<View> {
    let view = View { pid: u32::try_from(pid).ok().filter(|pid| *pid > 1)? };
    // In its own process namespace it has the number 1; else this is another process, or another host.
    let ids = view.status("NSpid")?;
    (ids.split_whitespace().count() > 1 && ids.split_whitespace().last() == Some("1")).then_some(view)
}

impl View {
    /// Its process id on the host.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    fn path(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.pid))
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path(file)).ok()
    }

    fn status(&self, field: &str) -> Option<String> {
        status(self.pid, field)
    }

    /// What the host sees of the guest. `others` are the other guests of the daemon; without the service's port, nothing
    /// is said of the gateway.
    #[must_use]
    pub fn outcomes(&self, others: &[(String, Self)], gateway_port: u16) -> Vec<Outcome> {
        vec![
            self.idmap(others),
            self.namespaces(),
            self.seccomp(),
            self.apparmor(),
            self.host_paths(),
            self.loopback(gateway_port),
        ]
        .into_iter()
        .chain(gateway_processes(self.pid))
        .collect()
    }

    fn id_ranges(&self, file: &str) -> Option<Vec<IdRange>> {
        let line = |line: &str| {
            let mut numbers = line.split_whitespace().map_while(|number| number.parse().ok());
            Some((numbers.next()?, numbers.next()?, numbers.next()?))
        };
        self.read(file)?.lines().map(line).collect()
    }

    fn idmap(&self, others: &[(String, Self)]) -> Outcome {
        let (probe, tried) = (probe::IDMAP, "its maps of user and group ids, by the host's kernel");
        let mut shown = Vec::new();
        for file in ["uid_map", "gid_map"] {
            let Some(ranges) = self.id_ranges(file).filter(|ranges| !ranges.is_empty()) else {
                return Outcome::could_not_tell(probe, tried, UNREADABLE);
            };
            for &(inside, outside, count) in &ranges {
                shown.push(format!("{inside} is {outside}, {count} ids"));
                if outside < 65_536 {
                    return Outcome::not_contained(probe, tried, format!("{file}: {inside} is the host's {outside}"));
                }
                for (name, other) in others.iter().filter(|(_, other)| other.pid != self.pid) {
                    let Some(theirs) = other.id_ranges(file) else { continue };
                    if theirs.iter().any(|&(_, start, length)| start < outside + count && outside < start + length) {
                        return Outcome::not_contained(probe, tried, format!("{file}: guest {name} has the same ids"));
                    }
                }
            }
        }
        shown.dedup();
        Outcome::contained(probe, tried, shown.join("; "))
    }

    fn namespaces(&self) -> Outcome {
        let (probe, tried) = (probe::NAMESPACES, "its namespaces beside those of this process");
        let mut shared = Vec::new();
        for name in ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] {
            let own = fs::read_link(format!("/proc/self/ns/{name}"));
            match (fs::read_link(self.path(&format!("ns/{name}"))), own) {
                (Ok(guest), Ok(own)) if guest == own => shared.push(name),
                (Ok(_), Ok(_)) => {}
                _ => return Outcome::could_not_tell(probe, tried, UNREADABLE),
            }
        }
        if shared.is_empty() {
            return Outcome::contained(probe, tried, "each is its own");
        }
        Outcome::not_contained(probe, tried, format!("it shares {}", shared.join(", ")))
    }

    fn seccomp(&self) -> Outcome {
        let (probe, tried) = (probe::SECCOMP, "the filter on its first process");
        match self.status("Seccomp").as_deref() {
            Some("2") => {
                let filters = self.status("Seccomp_filters").unwrap_or_else(|| "some".into());
                Outcome::contained(probe, tried, format!("filters: {filters}"))
            }
            Some(mode) => Outcome::not_contained(probe, tried, format!("seccomp mode {mode}: no filter")),
            None => Outcome::could_not_tell(probe, tried, UNREADABLE),
        }
    }

    fn apparmor(&self) -> Outcome {
        let (probe, tried) = (probe::APPARMOR, "the AppArmor label of its first process");
        if fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|enabled| enabled.trim() == "Y") {
            let Some(label) = self.read("attr/apparmor/current").or_else(|| self.read("attr/current")) else {
                return Outcome::could_not_tell(probe, tried, UNREADABLE);
            };
            let label = label.trim_end_matches(['\n', '\0']);
            return if label.starts_with("incus-") && label.ends_with("(enforce)") {
                Outcome::contained(probe, tried, label)
            } else {
                Outcome::not_contained(probe, tried, label)
            };
        }
        Outcome::could_not_tell(
            probe,
            tried,
            "this host's kernel runs without AppArmor, so there is no confinement by it",
        )
    }

    fn host_paths(&self) -> Outcome {
        let (probe, tried) = (probe::MOUNTED, "its mounts, by the host's kernel");
        let Some(table) = self.read("mountinfo").filter(|table| !table.is_empty()) else {
            return Outcome::could_not_tell(probe, tried, UNREADABLE);
        };
        let own = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        match foreign_mounts(&table, &own) {
            None => Outcome::could_not_tell(probe, tried, "the mounts can't be read"),
            Some(foreign) if foreign.is_empty() => {
                Outcome::contained(probe, tried, format!("{} mounts, none of the host's files", table.lines().count()))
            }
            Some(foreign) => Outcome::not_contained(probe, tried, foreign.join(", ")),
        }
    }

    fn loopback(&self, port: u16) -> Outcome {
        let (probe, tried) = (probe::GATEWAY_LOOPBACK, format!("what listens on port {port} of the guest"));
        let (Some(four), six) = (self.read("net/tcp"), self.read("net/tcp6").unwrap_or_default()) else {
            return Outcome::could_not_tell(probe, tried, UNREADABLE);
        };
        let lines = four.lines().chain(six.lines());
        let found: BTreeSet<_> =
            lines.filter_map(|line| listener(line, false)).filter(|found| found.port == port).collect();
        if let Some(open) = found.iter().find(|found| !found.address.is_loopback()) {
            return Outcome::not_contained(probe, tried, format!("it listens on {}", open.address));
        }
        match found.first() {
            Some(found) => Outcome::contained(probe, tried, format!("it listens on {}", found.address)),
            None => Outcome::could_not_tell(probe, tried, "nothing listens there"),
        }
    }
}

/// A field of a process' status.
pub(super) fn status(pid: u32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| Some(line.strip_prefix(field)?.strip_prefix(':')?.trim().to_owned()))
}

/// Kinds of filesystems that hold no files of the host: the kernel makes up what is in them, or the guest did.
const WITHOUT_FILES: [&str; 19] = [
    "proc",
    "sysfs",
    "devpts",
    "mqueue",
    "cgroup",
    "cgroup2",
    "fuse.lxcfs",
    "securityfs",
    "debugfs",
    "tracefs",
    "configfs",
    "efivarfs",
    "binfmt_misc",
    "pstore",
    "bpf",
    "hugetlbfs",
    "nsfs",
    "autofs",
    "rpc_pipefs",
];

/// Where Incus shows a guest what it mounts for it, from a tmpfs of the host that is the guest's alone.
const INCUS_MOUNTS: &str = "/dev/.incus-mounts";

/// The mounts that show other files than the guest's own: a filesystem that is not the one of its root, or a part of it
/// that is not below its root. `host` are the host's mounts: a filesystem in memory that is there, too, is the host's.
fn foreign_mounts(table: &str, host: &str) -> Option<Vec<String>> {
    let mounts: Vec<Mount<'_>> = table.lines().map(Mount::read).collect::<Option<_>>()?;
    let root = mounts.iter().find(|mount| mount.at == "/")?;
    let of_host: BTreeSet<&str> = host.lines().filter_map(Mount::read).map(|mount| mount.device).collect();
    let below = |part: &str| part == root.part || root.part == "/" || part.starts_with(&format!("{}/", root.part));
    let is_own = |mount: &&Mount<'_>| {
        if mount.device == root.device {
            return below(mount.part);
        }
        match mount.kind {
            // Single nodes of devices are bound from the host's; the whole is one of its directories.
            "devtmpfs" => mount.part != "/",
            "tmpfs" | "ramfs" => !of_host.contains(mount.device) || mount.at == INCUS_MOUNTS,
            // What the guest stacked on its own files.
            "overlay" | "fuse.fuse-overlayfs" => !of_host.contains(mount.device),
            kind => WITHOUT_FILES.contains(&kind),
        }
    };
    let foreign = mounts.iter().filter(|mount| !is_own(mount));
    Some(foreign.map(|mount| format!("{} is {} of a {}", mount.at, mount.part, mount.kind)).collect())
}

struct Mount<'t> {
    device: &'t str,
    part: &'t str,
    at: &'t str,
    kind: &'t str,
}

impl<'t> Mount<'t> {
    fn read(line: &'t str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(2);
        let (device, part, at) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self { device, part, at, kind: after.split(' ').next()? })
    }
}

/// What is to be said where the host can't look at the guest's processes at all.
#[must_use]
pub fn blind() -> Vec<Outcome> {
    let probes = [
        probe::IDMAP,
        probe::NAMESPACES,
        probe::SECCOMP,
        probe::APPARMOR,
        probe::MOUNTED,
        probe::GATEWAY_LOOPBACK,
        probe::GATEWAY_CAPABILITIES,
        probe::GATEWAY_ROOT,
    ];
    probes.iter().map(|probe| Outcome::could_not_tell(probe, "the guest's first process", UNREADABLE)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1 0 0:50 /containers/a/rootfs / rw - btrfs /dev/loop0 rw\n";

    fn foreign(more: &str) -> Vec<String> {
        foreign_mounts(&format!("{ROOT}{more}"), "9 1 0:30 / /run rw - tmpfs tmpfs rw\n").unwrap()
    }

    #[test]
    fn a_path_of_the_host_is_found() {
        assert_eq!(
            foreign("2 1 0:50 /containers/a/rootfs/var /mnt rw - btrfs x rw\n3 1 0:20 / /proc rw - proc proc rw\n"),
            [""; 0]
        );
        assert_eq!(foreign("4 1 0:6 /null /dev/null rw - devtmpfs udev rw\n"), [""; 0]);
        assert_eq!(foreign("2 1 0:50 /containers/ab /mnt rw - btrfs x rw\n"), ["/mnt is /containers/ab of a btrfs"]);
        assert_eq!(foreign("2 1 254:0 /etc /mnt rw shared:1 - ext4 /dev/vda rw\n"), ["/mnt is /etc of a ext4"]);
        assert_eq!(foreign("2 1 0:6 / /dev rw - devtmpfs udev rw\n"), ["/dev is / of a devtmpfs"]);
        assert_eq!(foreign("2 1 0:31 / /run rw - tmpfs tmpfs rw\n"), [""; 0]);
        assert_eq!(foreign("2 1 0:30 /x /mnt rw - tmpfs tmpfs rw\n"), ["/mnt is /x of a tmpfs"]);
        assert_eq!(foreign("2 1 0:30 /x /dev/.incus-mounts rw - tmpfs tmpfs rw\n"), [""; 0]);
        assert_eq!(foreign_mounts("nonsense", ""), None);
    }

    #[test]
    fn this_process_is_no_guest() {
        assert_eq!(view(i64::from(std::process::id())), None);
        assert_eq!(view(0), None);
        assert_eq!(view(-1), None);
    }

    #[test]
    fn what_runs_on_the_host_is_not_contained() {
        let own = View { pid: std::process::id() };
        assert_eq!(own.namespaces().verdict, probe::Verdict::NotContained);
        assert_eq!(own.idmap(&[]).verdict, probe::Verdict::NotContained);
    }
}
