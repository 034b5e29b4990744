//! Removing all that a run made. Nothing is asked of its daemon, which may be dead, or stuck.

mod apparmor;
mod cgroup;
mod firewall;
mod link;
mod storage;

use std::fs;
use std::thread;
use std::time::Duration;

pub(crate) use firewall::{remove_if_empty as remove_empty_firewall_table, table_exists as firewall_table_exists};
pub(crate) use link::{loose_pairs, remove_loose_pairs};
pub(crate) use storage::{device_of, is_mounted};

use super::process;
use super::slot::Slot;

/// Removes everything in a slot, and its directory. What could not be removed is returned.
pub(crate) fn remove(slot: Slot) -> Vec<String> {
    let mut left = empty(slot);
    if !left.is_empty() {
        return left;
    }
    if let Err(error) = fs::remove_dir(slot.dir()) {
        left.push(format!("directory {}: {error}", slot.dir().display()));
    }
    left
}

/// Removes everything in a slot. What could not be removed is returned.
pub(crate) fn empty(slot: Slot) -> Vec<String> {
    let dir = slot.dir();
    // The names of control groups are known only as long as there are processes in them.
    let groups = cgroup::of_run(slot, &process::of_run(&dir));
    let mut left = Vec::new();
    if !process::kill_run(&dir) {
        left.extend(process::of_run(&dir).iter().map(|pid| format!("process {pid}")));
    }
    left.extend(cgroup::remove(&groups));
    left.extend(link::remove(slot));
    left.extend(firewall::remove(slot));
    left.extend(storage::remove(&dir));
    apparmor::unload(&dir);
    if !left.is_empty() {
        // As long as there is a directory, the next run tries again.
        return left;
    }
    let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let remove = || if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        // After Ctrl-C a test that runs may write until it needs a program.
        let mut removed = remove();
        for _ in 0..100 {
            if removed.is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
            removed = remove();
        }
        if let Err(error) = removed {
            left.push(format!("{}: {error}", path.display()));
        }
    }
    left
}
