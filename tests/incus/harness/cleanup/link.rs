//! Bridges, what hangs on them, and named network namespaces.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::slot::Slot;

/// Removes the links and the network namespaces whose names start with the slot's prefix. Others are not touched, even if
/// a daemon of the slot knows the name: they may be the machine's own.
pub(crate) fn remove(slot: Slot) -> Vec<String> {
    let mut left = Vec::new();
    for name in named(slot, Path::new("/sys/class/net")) {
        let link = Path::new("/sys/class/net").join(&name);
        for port in names_in(&link.join("brif")) {
            // A container's end of the pair is gone with its namespace already, and this one with it.
            ip(&["link", "delete", &port]);
        }
        ip(&["link", "delete", &name]);
        if link.exists() {
            left.push(format!("link {name}"));
        }
    }
    for name in named(slot, Path::new("/run/netns")) {
        ip(&["netns", "delete", &name]);
        if Path::new("/run/netns").join(&name).exists() {
            left.push(format!("network namespace {name}"));
        }
    }
    left
}

fn named(slot: Slot, dir: &Path) -> Vec<String> {
    names_in(dir).into_iter().filter(|name| name.starts_with(&slot.prefix())).collect()
}

fn ip(arguments: &[&str]) {
    // Whether it worked is looked at afterwards.
    let _ = Command::new("ip").args(arguments).stderr(Stdio::null()).status();
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
