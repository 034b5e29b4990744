//! The processes that watch over containers. Each container has one, which liblxc leaves behind as it starts it, and which
//! runs the daemon's hooks when the container ends.

use std::path::Path;

use super::processes::{is_in_first_user_namespace, numbers, process};
use super::{Root, Seen};

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its name.
    pub guest: String,
    /// The process that watches over it.
    pub monitor: u32,
    /// Its first process, with which all its others end.
    pub init: u32,
}

/// The numbers of what may watch over the containers of a project, of the daemon that keeps its things in that directory.
///
/// # Errors
/// Why nobody could look.
pub fn candidates(root: &Root, incus_dir: &Path, project: &str) -> Seen<Vec<u32>> {
    Ok(numbers(root)?.into_iter().filter(|pid| named(root, *pid, incus_dir, project).is_some()).collect())
}

/// What a process watches over, where it is one that does. Any process can call itself whatever it likes, also in a
/// container: only root's own, in the machine's own namespaces, is believed.
#[must_use]
pub fn watched(root: &Root, pid: u32, incus_dir: &Path, project: &str) -> Option<Watched> {
    let guest = named(root, pid, incus_dir, project)?;
    let found = process(root, pid)?;
    if found.uid != 0 || !found.is_hosts || is_in_first_user_namespace(root, pid) != Ok(true) {
        return None;
    }
    let children = root.text(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    let mut children = children.split_whitespace().filter_map(|child| child.parse().ok());
    let init = children.find(|child| is_first_process(root, *child))?;
    Some(Watched { guest, monitor: pid, init })
}

/// The guest that a process says it watches over.
fn named(root: &Root, pid: u32, incus_dir: &Path, project: &str) -> Option<String> {
    let command = root.text(format!("/proc/{pid}/cmdline")).ok()?;
    let guest = title(&command, incus_dir)?.strip_prefix(project)?.strip_prefix('_')?;
    // The names of guests have no `_`: this is none of a project that is called as this one and a guest of it.
    (!guest.is_empty() && !guest.contains('_')).then(|| guest.to_owned())
}

/// The container that a command line says it watches over, by the name that it has across all projects, where it is one of the
/// daemon that keeps its things in that directory.
pub(super) fn title<'c>(command: &'c str, incus_dir: &Path) -> Option<&'c str> {
    let rest = command.strip_prefix(&format!("[lxc monitor] {} ", incus_dir.join("containers").display()))?;
    Some(rest.trim_end_matches('\0').trim())
}

/// Whether a process is the first one of a namespace of its own.
fn is_first_process(root: &Root, pid: u32) -> bool {
    let status = root.text(format!("/proc/{pid}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.is_some_and(|numbers| {
        let mut numbers = numbers.split_whitespace().rev();
        numbers.next() == Some("1") && numbers.next().is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "         0          0 4294967295\n";

    /// A machine on which these processes run: their number, command line, status beyond the common, user map and children.
    fn machine(processes: &[(u32, &str, &str, &str, &str)]) -> (tempfile::TempDir, Root) {
        let home = tempfile::tempdir().unwrap();
        for (pid, command, status, map, children) in processes {
            let directory = home.path().join(format!("proc/{pid}"));
            std::fs::create_dir_all(directory.join(format!("task/{pid}"))).unwrap();
            let status = format!("Name:\tx\nCapEff:\t0\n{status}");
            for (file, text) in [("cmdline", *command), ("status", &status), ("uid_map", map)] {
                std::fs::write(directory.join(file), text).unwrap();
            }
            std::fs::write(directory.join(format!("task/{pid}/children")), children).unwrap();
        }
        let root = Root::at(home.path());
        (home, root)
    }

    fn guests(root: &Root) -> Vec<Watched> {
        let directory = Path::new("/var/lib/incus");
        let found = candidates(root, directory, "lab").unwrap().into_iter();
        found.filter_map(|pid| watched(root, pid, directory, "lab")).collect()
    }

    #[test]
    fn a_monitor_is_known_by_what_no_guest_can_be() {
        let monitor = "[lxc monitor] /var/lib/incus/containers lab_a\0";
        let (hosts, inside) = ("Uid:\t0\t0\t0\t0\nNSpid:\t7\n", "Uid:\t0\t0\t0\t0\nNSpid:\t7\t3\n");
        let init = (8, "/sbin/init\0", "Uid:\t1000000\t0\t0\t0\nNSpid:\t8\t1\n", "0 1000000 65536\n", "");
        let (_home, root) = machine(&[(7, monitor, hosts, FIRST, "9 8 "), init]);
        assert_eq!(guests(&root), [Watched { guest: "a".into(), monitor: 7, init: 8 }]);
        for (status, map) in
            [(inside, FIRST), ("Uid:\t1000\t1000\t1000\t1000\nNSpid:\t7\n", FIRST), (hosts, "0 1000000 65536\n")]
        {
            let (_home, root) = machine(&[(7, monitor, status, map, "8 "), init]);
            assert_eq!(guests(&root), [], "{status:?} {map:?}");
        }
        // Of another daemon, of another project, and without a container.
        for (command, children) in [
            ("[lxc monitor] /var/lib/other/containers lab_a\0", "8 "),
            ("[lxc monitor] /var/lib/incus/containers lab_a_b\0", "8 "),
            ("[lxc monitor] /var/lib/incus/containers lab2_a\0", "8 "),
            (monitor, ""),
        ] {
            let (_home, root) = machine(&[(7, command, hosts, FIRST, children), init]);
            assert_eq!(guests(&root), [], "{command:?}");
        }
    }
}
