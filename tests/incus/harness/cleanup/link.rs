//! Bridges, what hangs on them, and named network namespaces.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::process;
use super::super::slot::Slot;

/// How the hardware addresses begin that Incus gives.
const INCUS: &str = "10:66:6a";

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

/// The pairs of links, made by an Incus for guests, that are at nothing: what it leaves when it is killed while it starts a
/// guest. Each is named by the end that the guest was to have. They tell nobody whose they are.
pub(crate) fn loose_pairs() -> BTreeSet<String> {
    let links = Path::new("/sys/class/net");
    let is_loose = |name: &String| {
        let address = fs::read_to_string(links.join(name).join("address")).unwrap_or_default();
        address.starts_with(INCUS) && is_free(name) && peer(name).is_some_and(|peer| is_free(&peer))
    };
    names_in(links).into_iter().filter(is_loose).collect()
}

/// Removes those that came since. Where another daemon runs, which may be about to use one, none is touched.
pub(crate) fn remove_loose_pairs(before: &BTreeSet<String>) {
    if !process::is_running("incusd") {
        loose_pairs().difference(before).for_each(|name| ip(&["link", "delete", name]));
    }
}

/// The other end of a pair, if it is in this namespace as well.
fn peer(name: &str) -> Option<String> {
    let links = Path::new("/sys/class/net");
    let number =
        |name: &str, file: &str| fs::read_to_string(links.join(name).join(file)).ok()?.trim().parse::<u32>().ok();
    let wanted = number(name, "iflink")?;
    names_in(links).into_iter().find(|other| other != name && number(other, "ifindex") == Some(wanted))
}

fn is_free(name: &str) -> bool {
    !Path::new("/sys/class/net").join(name).join("master").exists()
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
