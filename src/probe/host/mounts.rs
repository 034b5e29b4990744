//! What is mounted in a guest, in whichever mount namespace of it, by the host's kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::view::{UNREADABLE, read};
use crate::probe::{self, Outcome};

/// How many mount namespaces of a guest are looked at. A guest can make more: then it is not known.
const NAMESPACES: usize = 256;

/// Where Incus keeps the files of a guest, whatever the pool's driver.
const ROOT: &str = "/rootfs";
/// Where Incus shows a guest what it mounts for it, from a tmpfs of the host that is the guest's alone.
const INCUS_MOUNTS: &str = "/dev/.incus-mounts";

/// Kinds of filesystems that hold no files of the host: the kernel makes up what is in them, or the guest did. Incus binds
/// those that the host has below `/sys` into every container that may nest.
const WITHOUT_FILES: [&str; 20] = [
    "proc",
    "sysfs",
    "devpts",
    "mqueue",
    // Whoever mounted one of these may end it, and nobody else gets in.
    "fusectl",
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

/// What is mounted in the guest whose first process this is, and whose processes these are.
pub(super) fn host_paths(init: u32, members: Option<&[u32]>) -> Outcome {
    let (probe, tried) = (probe::MOUNTED, "its mounts, in each of its mount namespaces, by the host's kernel");
    match look(init, members) {
        Err(why) => Outcome::could_not_tell(probe, tried, why),
        Ok((count, foreign)) if foreign.is_empty() => {
            Outcome::contained(probe, tried, format!("{count} mounts, none of the host's files"))
        }
        Ok((_, foreign)) => Outcome::not_contained(probe, tried, foreign.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// How many mounts there are, and those of the host's files.
fn look(init: u32, members: Option<&[u32]>) -> Result<(usize, BTreeSet<String>), String> {
    let table = |pid: u32| read(Path::new(&format!("/proc/{pid}/mountinfo")));
    let own = table(init).filter(|table| !table.is_empty()).ok_or(UNREADABLE)?;
    let root = own.lines().filter_map(Mount::read).find(|mount| mount.at == "/").ok_or("the mounts can't be read")?;
    // A guest's first process can make anything its root that it can mount.
    if !root.part.ends_with(ROOT) {
        return Err(format!(
            "the root of its first process is {} of a {}, and not what the daemon made",
            root.part, root.kind
        ));
    }
    let host = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let of_host: BTreeSet<&str> = host.lines().filter_map(Mount::read).map(|mount| mount.device).collect();
    let mut count = own.lines().count();
    let mut foreign = foreign_mounts(&own, root, &of_host).ok_or("the mounts can't be read")?;
    // Who unmounts something in one namespace may have kept it in another.
    let space = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    let all = members.ok_or("the host's processes can't be read")?;
    let spaces: BTreeMap<PathBuf, u32> = all.iter().filter_map(|&pid| Some((space(pid)?, pid))).collect();
    if spaces.len() > NAMESPACES {
        return Err(format!("it has {} mount namespaces, which are too many to look at", spaces.len()));
    }
    let first = space(init);
    for (_, pid) in spaces.into_iter().filter(|(space, _)| Some(space) != first.as_ref()) {
        // One that ended has no mounts; one whose table is too long has.
        let Some(table) = table(pid) else {
            if File::open(format!("/proc/{pid}/mountinfo")).is_ok() {
                return Err("the mounts of one of its processes can't be read".into());
            }
            continue;
        };
        count += table.lines().count();
        foreign.extend(foreign_mounts(&table, root, &of_host).ok_or("the mounts can't be read")?);
    }
    Ok((count, foreign.into_iter().collect()))
}

/// The mounts that show other files than the guest's own: a filesystem that is not the one of its root, or a part of it
/// that is not below its root. A filesystem in memory that the host has, too, is the host's.
fn foreign_mounts(table: &str, root: Mount<'_>, of_host: &BTreeSet<&str>) -> Option<Vec<String>> {
    let mounts: Vec<Mount<'_>> = table.lines().map(Mount::read).collect::<Option<_>>()?;
    let below = |part: &str| part == root.part || part.starts_with(&format!("{}/", root.part));
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

#[derive(Clone, Copy)]
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

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1 0 0:50 /containers/a/rootfs / rw - btrfs /dev/loop0 rw\n";

    fn foreign(more: &str) -> Vec<String> {
        let root = Mount::read(ROOT.trim()).unwrap();
        foreign_mounts(&format!("{ROOT}{more}"), root, &BTreeSet::from(["0:30"])).unwrap()
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
        let root = Mount::read(ROOT.trim()).unwrap();
        assert_eq!(foreign_mounts("nonsense", root, &BTreeSet::new()), None);
    }

    /// As a host has it that runs systemd.
    #[test]
    fn what_incus_binds_into_a_container_that_may_nest_is_no_path() {
        let bound = [
            ("/sys/fs/fuse/connections", "fusectl"),
            ("/sys/fs/pstore", "pstore"),
            ("/sys/kernel/config", "configfs"),
            ("/sys/kernel/debug", "debugfs"),
            ("/sys/kernel/security", "securityfs"),
            ("/sys/kernel/tracing", "tracefs"),
            ("/dev/mqueue", "mqueue"),
            ("/proc/cpuinfo", "fuse.lxcfs"),
        ];
        let lines = bound.map(|(at, kind)| format!("2 1 0:33 / {at} rw - {kind} {kind} rw\n"));
        assert_eq!(foreign(&lines.concat()), [""; 0]);
    }

    #[test]
    fn a_process_of_the_host_is_no_guest() {
        assert!(look(std::process::id(), Some(&[])).is_err());
    }
}
