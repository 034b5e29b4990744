//! Bridges, what hangs on them, and named network namespaces.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::slot::Slot;

/// The names of the networks that the slot's daemons made, and of all links that start with the slot's prefix.
pub(crate) fn networks(slot: Slot) -> BTreeSet<String> {
    let daemons = names_in(&slot.dir()).into_iter().map(|name| slot.dir().join(name));
    let made = daemons.flat_map(|daemon| names_in(&daemon.join("networks")));
    let named = names_in(Path::new("/sys/class/net")).into_iter().filter(|name| name.starts_with(&slot.prefix()));
    made.chain(named).collect()
}

/// Removes them with their ports, and the network namespaces that start with the slot's prefix.
pub(crate) fn remove(slot: Slot, networks: &BTreeSet<String>) -> Vec<String> {
    let mut left = Vec::new();
    for network in networks {
        let link = Path::new("/sys/class/net").join(network);
        for port in names_in(&link.join("brif")) {
            // A container's end of the pair is gone with its namespace already, and this one with it.
            ip(&["link", "delete", &port]);
        }
        if link.exists() {
            ip(&["link", "delete", network]);
        }
        if link.exists() {
            left.push(format!("link {network}"));
        }
    }
    for name in names_in(Path::new("/run/netns")).into_iter().filter(|name| name.starts_with(&slot.prefix())) {
        ip(&["netns", "delete", &name]);
        if Path::new("/run/netns").join(&name).exists() {
            left.push(format!("network namespace {name}"));
        }
    }
    left
}

fn ip(arguments: &[&str]) {
    // Whether it worked is looked at afterwards.
    let _ = Command::new("ip").args(arguments).stderr(Stdio::null()).status();
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
