//! How far a guest is from its limits, by its control groups on the host, which no guest can talk into anything.

use std::fs;
use std::path::{Path, PathBuf};

use super::view::View;

/// What the name of a guest's own group begins with. What is below is the guest's, and so are the limits there.
const OWN: &str = "lxc.payload";

/// The control groups of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    processes: Option<PathBuf>,
    memory: Option<PathBuf>,
}

impl Gauge {
    /// Those of the guest with this first process.
    #[must_use]
    pub fn of(guest: &View) -> Self {
        let groups = fs::read_to_string(format!("/proc/{}/cgroup", guest.pid())).unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let find = |kind: &str| directory(&groups, &mounts, kind);
        Self { processes: find("pids"), memory: find("memory") }
    }

    /// The directory that the group of the guest is in, beside those of other guests.
    pub(super) fn beside(&self) -> Option<&Path> {
        self.processes.as_ref()?.parent()
    }

    /// How many processes it has.
    #[must_use]
    pub fn processes(&self) -> Option<u64> {
        number(&self.processes.as_ref()?.join("pids.current"))
    }

    /// How often it wanted more memory than it may have.
    #[must_use]
    pub fn refused_memory(&self) -> Option<u64> {
        let group = self.memory.as_ref()?;
        if let Ok(events) = fs::read_to_string(group.join("memory.events")) {
            return refusals(&events);
        }
        // What counts memory and swap together is not there on every kernel. And where a process was ended at once, only that
        // may be counted: seen on a 6.18.
        let with_swap = number(&group.join("memory.memsw.failcnt")).unwrap_or(0);
        let control = fs::read_to_string(group.join("memory.oom_control")).unwrap_or_default();
        let ended = count(&control, "oom_kill ").unwrap_or(0);
        Some(number(&group.join("memory.failcnt"))?.saturating_add(with_swap).saturating_add(ended))
    }
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// What version 2 counts.
fn refusals(events: &str) -> Option<u64> {
    Some(count(events, "max ")?.saturating_add(count(events, "oom ")?))
}

/// The number behind a name.
fn count(table: &str, name: &str) -> Option<u64> {
    table.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Where the group of a kind is that has the guest's limits. `groups` is the table of a process, and `mounts` that of podclaw.
fn directory(groups: &str, mounts: &str, kind: &str) -> Option<PathBuf> {
    let has = |list: &str| list.split(',').any(|one| one == kind);
    let fields = |line: &'_ str| -> Option<(String, String)> {
        let (_, rest) = line.split_once(':')?;
        let (kinds, path) = rest.split_once(':')?;
        Some((kinds.to_owned(), path.to_owned()))
    };
    let all: Vec<(String, String)> = groups.lines().filter_map(fields).collect();
    // The kind's own hierarchy, or the one of version 2, which has no name.
    let first = all.iter().find(|(kinds, _)| has(kinds));
    let (kinds, path) = first.or_else(|| all.iter().find(|(kinds, _)| kinds.is_empty()))?;
    let mount = mounts.lines().find_map(|line| {
        let (place, filesystem) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, at) = (place.next()?, place.next()?);
        let mut filesystem = filesystem.split(' ');
        let (name, options) = (filesystem.next()?, filesystem.nth(1)?);
        let fits = if kinds.is_empty() { name == "cgroup2" } else { name == "cgroup" && has(options) };
        (fits && root == "/").then(|| PathBuf::from(at))
    })?;
    let mut group = mount;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        // A way back up leads to somebody else's.
        if part == ".." {
            return None;
        }
        group.push(part);
        if part.starts_with(OWN) {
            return Some(group);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "\
30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
36 30 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
40 30 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
";
    const SECOND: &str = "30 25 0:26 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_group_of_a_guest_is_found() {
        let of = |groups: &str, mounts: &str, kind: &str| {
            directory(groups, mounts, kind).map(|path| path.display().to_string())
        };
        let first = "12:pids:/lxc.payload.lab_one\n4:memory:/lxc.payload.lab_one/init.scope\n0::/lxc.payload.lab_one\n";
        assert_eq!(of(first, FIRST, "pids").as_deref(), Some("/sys/fs/cgroup/pids/lxc.payload.lab_one"));
        assert_eq!(of(first, FIRST, "memory").as_deref(), Some("/sys/fs/cgroup/memory/lxc.payload.lab_one"));
        // What the guest made below has limits of the guest's own.
        let second = "0::/lxc.payload.lab_one/system.slice/lxc.payload.x\n";
        assert_eq!(of(second, SECOND, "pids").as_deref(), Some("/sys/fs/cgroup/lxc.payload.lab_one"));
        for elsewhere in ["0::/user.slice\n", "0::/../lxc.payload.x\n", "", "nonsense"] {
            assert_eq!(of(elsewhere, SECOND, "pids"), None, "{elsewhere}");
        }
        assert_eq!(of(first, SECOND, "pids"), None);
    }

    #[test]
    fn what_was_refused_is_counted() {
        assert_eq!(refusals("low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\n"), Some(9));
        assert_eq!(refusals("low 0\n"), None);
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill "), Some(3));
    }
}
