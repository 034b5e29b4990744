//! The control groups of containers, which liblxc leaves when its monitor is killed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::super::slot::Slot;

const KINDS: [&str; 2] = ["lxc.payload.", "lxc.monitor."];

/// The names of the groups of the containers that are running, and of those whose names show that they are the slot's.
pub(crate) fn of_run(slot: Slot, processes: &BTreeSet<i32>) -> BTreeSet<String> {
    let running = processes.iter().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/cgroup")).ok());
    let running: Vec<String> = running.flat_map(|text| names(&text)).collect();
    let on_disk = hierarchies().into_iter().flat_map(|root| fs::read_dir(root).into_iter().flatten().flatten());
    let on_disk = on_disk.filter_map(|entry| entry.file_name().into_string().ok());
    let prefix = slot.prefix();
    let ours = on_disk.filter(|name| KINDS.iter().any(|kind| name.starts_with(&format!("{kind}{prefix}"))));
    running.into_iter().chain(ours).collect()
}

/// Removes them from every hierarchy.
pub(crate) fn remove(groups: &BTreeSet<String>) -> Vec<String> {
    let paths = hierarchies().into_iter().flat_map(|root| groups.iter().map(move |name| root.join(name)));
    let mut left: Vec<PathBuf> = paths.filter(|path| path.exists()).collect();
    // The kernel takes a moment to take the dead processes out.
    for _ in 0..100 {
        left.retain(|path| !remove_tree(path));
        if left.is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    left.iter().map(|path| format!("control group {}", path.display())).collect()
}

/// Only the directories can be removed, and that is enough: the files go with them.
fn remove_tree(path: &Path) -> bool {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    fs::remove_dir(path).is_ok() || !path.exists()
}

/// The names of containers' groups in the text of a `/proc/PID/cgroup`.
fn names(text: &str) -> Vec<String> {
    let parts = text.lines().filter_map(|line| line.splitn(3, ':').nth(2)).flat_map(|path| path.split('/'));
    parts.filter(|part| KINDS.iter().any(|kind| part.starts_with(kind))).map(Into::into).collect()
}

fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    fields
        .filter(|fields| matches!(fields.get(2), Some(&("cgroup" | "cgroup2"))))
        .map(|fields| fields[1].into())
        .collect()
}
