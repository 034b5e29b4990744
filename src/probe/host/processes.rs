//! The processes of the gateway's container, as the host's kernel sees them.
//!
//! They are those below the guest's first process that have both processes and a network of their own. What carries a
//! container's packets, such as pasta, has its own processes too, but the guest's network. A guest can make others such;
//! they are judged the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::facts::listener;
use super::view::{read, status};
use crate::probe::{self, Outcome, Probe};
use crate::text;

struct Process {
    pid: u32,
    name: String,
}

/// What is to be said of the processes in containers of the guest whose first process this is, and whose processes these are.
pub(super) fn gateway_processes(init: u32, members: Option<&[u32]>, port: u16) -> Vec<Outcome> {
    let tried = "each process in a container of the guest, by the host's kernel";
    let both =
        |say: &dyn Fn(&'static Probe) -> Outcome| vec![say(probe::GATEWAY_CAPABILITIES), say(probe::GATEWAY_ROOT)];
    let Some(found) = members.and_then(|members| contained_in(init, members)) else {
        return both(&|probe| Outcome::could_not_tell(probe, tried, "the host's processes can't be read"));
    };
    if found.is_empty() {
        return both(&|probe| Outcome::could_not_tell(probe, tried, "no container runs in the guest"));
    }
    let count = format!("{} processes", found.len());
    // Some other container may run, and the gateway beside it.
    let has_gateway = found.iter().any(|process| listens(process.pid, port));
    let judge = |probe, fault: fn(&Process) -> Option<String>, good: &str| match found.iter().find_map(fault) {
        Some(fault) => Outcome::not_contained(probe, tried, fault),
        None if !has_gateway => {
            Outcome::could_not_tell(probe, tried, format!("in no container of the guest, port {port} is listened on"))
        }
        None => Outcome::contained(probe, tried, format!("{count}: {good}")),
    };
    vec![
        judge(probe::GATEWAY_CAPABILITIES, powers, "no capability, none to be gained, filtered system calls"),
        judge(probe::GATEWAY_ROOT, writable_root, "a root that is read-only"),
    ]
}

/// Every process of the guest whose first process this is, also those in containers of its own.
pub(super) fn members(init: u32) -> Option<Vec<u32>> {
    let inside = space(init, "pid")?;
    let numbers = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut parents = BTreeMap::new();
    let mut own = BTreeSet::new();
    for pid in numbers {
        // Those that end meanwhile are not there any more.
        let Some(parent) = status(pid, "PPid").and_then(|parent| parent.parse().ok()) else { continue };
        parents.insert(pid, parent);
        if space(pid, "pid").as_ref() == Some(&inside) {
            own.insert(pid);
        }
    }
    // What is in a namespace within the guest's has somebody above it who is in the guest's: the guest's first process, or
    // one that the daemon put there.
    let is_below = |pid: &u32| {
        let mut at = *pid;
        // No chain of parents is longer than there are processes.
        for _ in 0..=parents.len() {
            if own.contains(&at) {
                return true;
            }
            let Some(&parent) = parents.get(&at) else { return false };
            at = parent;
        }
        false
    };
    Some(parents.keys().copied().filter(is_below).collect())
}

/// The processes of the guest that are neither in its process namespace nor in its network namespace.
fn contained_in(init: u32, members: &[u32]) -> Option<Vec<Process>> {
    let (processes, network) = (space(init, "pid")?, space(init, "net")?);
    let apart = |pid: &u32| {
        let is_other = |kind: &str, of_guest: &PathBuf| space(*pid, kind).is_some_and(|space| space != *of_guest);
        is_other("pid", &processes) && is_other("net", &network)
    };
    let named = |pid: u32| Process { pid, name: status(pid, "Name").unwrap_or_default() };
    Some(members.iter().copied().filter(apart).map(named).collect())
}

fn space(pid: u32, kind: &str) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()
}

/// Whether something listens on that port in the network of a process.
fn listens(pid: u32, port: u16) -> bool {
    ["tcp", "tcp6"].iter().any(|table| {
        let table = read(Path::new(&format!("/proc/{pid}/net/{table}"))).unwrap_or_default();
        table.lines().filter_map(|line| listener(line, false)).any(|found| found.port == port)
    })
}

fn powers(process: &Process) -> Option<String> {
    let field = |name: &str| status(process.pid, name);
    // A process that ended says nothing any more, and can do nothing.
    let is = |name: &str, wanted: &str| field(name).is_none_or(|value| value == wanted);
    let none = "0000000000000000";
    let faults = [
        (!is("CapEff", none), "has capabilities"),
        (!is("CapPrm", none), "may take capabilities"),
        (!is("CapBnd", none), "may gain capabilities"),
        (!is("NoNewPrivs", "1"), "may gain privileges"),
        (!is("Seccomp", "2"), "has no filter on system calls"),
    ];
    let fault = faults.into_iter().find_map(|(at_fault, what)| at_fault.then_some(what))?;
    Some(format!("{} {fault}", text::excerpt(&process.name, 16)))
}

fn writable_root(process: &Process) -> Option<String> {
    let place = format!("/proc/{}/mountinfo", process.pid);
    let place = Path::new(&place);
    let name = text::excerpt(&process.name, 16);
    let Some(table) = read(place).filter(|table| !table.is_empty()) else {
        // A process that ended has no root any more. One that has too many mounts to look at has one.
        return place.exists().then(|| format!("the root of {name} can't be looked at"));
    };
    // The last one on a place is the one that is seen.
    let root = table.lines().rev().find(|line| line.split(' ').nth(4) == Some("/"));
    let Some(options) = root.and_then(|root| root.split(' ').nth(5)) else {
        return Some(format!("{name} has no root of its own"));
    };
    let is_read_only = options.split(',').any(|option| option == "ro");
    (!is_read_only).then(|| format!("the root of {name} can be written"))
}
