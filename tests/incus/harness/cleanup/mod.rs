//! Removing all that a run made. Nothing is asked of its daemon, which may be dead, or stuck.

mod apparmor;
mod cgroup;
mod firewall;
mod link;
mod storage;

use std::fs;

pub(crate) use firewall::{remove_if_empty as remove_empty_firewall_table, table_exists as firewall_table_exists};
pub(crate) use storage::{device_of, is_mounted};

use super::process;
use super::slot::Slot;

/// Removes everything in a slot, and its directory. What could not be removed is returned.
pub(crate) fn remove(slot: Slot) -> Vec<String> {
    let mut left = empty(slot);
    if let Err(error) = fs::remove_dir(slot.dir()) {
        left.push(format!("directory {}: {error}", slot.dir().display()));
    }
    left
}

/// Removes everything in a slot. What could not be removed is returned.
pub(crate) fn empty(slot: Slot) -> Vec<String> {
    let dir = slot.dir();
    let networks = link::networks(slot);
    // The names of control groups are known only as long as there are processes in them.
    let groups = cgroup::of_run(slot, &process::of_run(&dir));
    let mut left = Vec::new();
    if !process::kill_run(&dir) {
        left.extend(process::of_run(&dir).iter().map(|pid| format!("process {pid}")));
    }
    left.extend(cgroup::remove(&groups));
    left.extend(link::remove(slot, &networks));
    left.extend(firewall::remove(slot, &networks));
    left.extend(storage::remove(&dir));
    apparmor::unload(&dir);
    let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            left.push(format!("{}: {error}", path.display()));
        }
    }
    left
}
