//! Which guests of a project run on this machine, by the monitors that liblxc starts for them. That takes no question to the
//! daemon, which looks into each guest for the answer.

use std::fs;
use std::path::Path;

use super::gauge::Gauge;
use super::view::{View, read, status, view};

/// What the name of a monitor's control group begins with. A guest gets to no process that is in it.
const GROUP: &str = "lxc.monitor.";
/// What a monitor calls itself, before the daemon's directory and the guest's project and name.
const TITLE: &str = "[lxc monitor] ";

/// The guests of a project that run, by name, with their first processes. Nothing where this machine does not show them:
/// `own`, which is one of them by the daemon's word, must be among them with the very same process.
#[must_use]
pub fn running(project: &str, own: (&str, &View)) -> Option<Vec<(String, View)>> {
    let parent = status(own.1.pid(), "PPid")?.parse::<u32>().ok()?;
    let (directory, guest) = title(&read(Path::new(&format!("/proc/{parent}/cmdline")))?)?;
    if guest != format!("{project}_{}", own.0) {
        return None;
    }
    let mut found = Vec::new();
    for group in fs::read_dir(Gauge::of(own.1).beside()?).ok()? {
        let group = group.ok()?;
        let is_projects = |name: &str| name.strip_prefix(GROUP)?.strip_prefix(project)?.strip_prefix('_').map(drop);
        if group.file_name().to_str().and_then(is_projects).is_none() {
            continue;
        }
        // One that ends meanwhile has no process any more.
        let monitors = read(&group.path().join("cgroup.procs")).unwrap_or_default();
        found.extend(monitors.lines().filter_map(|monitor| guest_of(monitor, &directory, project)));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.iter().any(|(name, view)| name == own.0 && view == own.1).then_some(found)
}

/// The guest that a process is the monitor of, with the child that is the first process in its own namespace.
fn guest_of(monitor: &str, directory: &str, project: &str) -> Option<(String, View)> {
    // The name of its group may have a number behind it.
    let (of, guest) = title(&read(Path::new(&format!("/proc/{monitor}/cmdline")))?)?;
    let name = guest.strip_prefix(project)?.strip_prefix('_')?;
    if of != directory || name.contains('_') {
        return None;
    }
    let children = read(Path::new(&format!("/proc/{monitor}/task/{monitor}/children")))?;
    let first = children.split_whitespace().filter_map(|pid| pid.parse().ok()).find_map(view)?;
    Some((name.to_owned(), first))
}

/// The daemon's directory, and the guest with its project, by what a monitor calls itself.
fn title(line: &str) -> Option<(String, String)> {
    let (directory, guest) = line.trim_end_matches('\0').strip_prefix(TITLE)?.rsplit_once(' ')?;
    Some((directory.to_owned(), guest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_monitor_says_whose_it_is() {
        let of = |line: &str| title(line).map(|(directory, guest)| format!("{directory}|{guest}"));
        let line = "[lxc monitor] /var/lib/incus/containers lab_a\0\0\0";
        assert_eq!(of(line).as_deref(), Some("/var/lib/incus/containers|lab_a"));
        assert_eq!(of("/usr/bin/lxc monitor lab_a\0"), None);
    }
}
