//! The processes of the gateway's container, as the host's kernel sees them.
//!
//! They are those below the guest's first process that have both processes and a network of their own. What carries a
//! container's packets, such as pasta, has its own processes too, but the guest's network. A guest can make others such;
//! they are judged the same.

use std::collections::BTreeMap;
use std::fs;

use super::view::status;
use crate::probe::{self, Outcome, Probe};
use crate::text;

struct Process {
    pid: u32,
    name: String,
}

/// What is to be said of the processes in containers of the guest whose first process this is.
#[must_use]
pub fn gateway_processes(init: u32) -> Vec<Outcome> {
    let tried = "each process in a container of the guest, by the host's kernel";
    let both =
        |say: &dyn Fn(&'static Probe) -> Outcome| vec![say(probe::GATEWAY_CAPABILITIES), say(probe::GATEWAY_ROOT)];
    let Some(found) = contained_in(init) else {
        return both(&|probe| Outcome::could_not_tell(probe, tried, "the host's processes can't be read"));
    };
    if found.is_empty() {
        return both(&|probe| Outcome::could_not_tell(probe, tried, "no container runs in the guest"));
    }
    let count = format!("{} processes", found.len());
    let judge = |probe, fault: fn(&Process) -> Option<String>, good: &str| match found.iter().find_map(fault) {
        Some(fault) => Outcome::not_contained(probe, tried, fault),
        None => Outcome::contained(probe, tried, format!("{count}: {good}")),
    };
    vec![
        judge(probe::GATEWAY_CAPABILITIES, powers, "no capability, none to be gained, filtered system calls"),
        judge(probe::GATEWAY_ROOT, writable_root, "a root that is read-only"),
    ]
}

/// The processes below `init` that are neither in its process namespace nor in its network namespace.
fn contained_in(init: u32) -> Option<Vec<Process>> {
    let space = |pid: u32, kind: &str| fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok();
    let (processes, network, host) = (space(init, "pid")?, space(init, "net")?, space(std::process::id(), "pid")?);
    let numbers = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut parents = BTreeMap::new();
    let mut apart = Vec::new();
    for pid in numbers {
        // Those that end meanwhile are not there any more.
        let Some(parent) = status(pid, "PPid").and_then(|parent| parent.parse().ok()) else { continue };
        parents.insert(pid, parent);
        let apart_of_processes = space(pid, "pid").is_some_and(|space| space != processes && space != host);
        if apart_of_processes && space(pid, "net").is_some_and(|space| space != network) {
            apart.push(pid);
        }
    }
    let is_below = |pid: &u32| {
        let mut at = *pid;
        // No chain of parents is longer than there are processes.
        for _ in 0..parents.len() {
            match parents.get(&at) {
                Some(&parent) if parent == init => return true,
                Some(&parent) => at = parent,
                None => return false,
            }
        }
        false
    };
    let named = |pid: u32| Process { pid, name: status(pid, "Name").unwrap_or_default() };
    Some(apart.into_iter().filter(is_below).map(named).collect())
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
    let table = fs::read_to_string(format!("/proc/{}/mountinfo", process.pid)).ok()?;
    // The last one on a place is the one that is seen.
    let root = table.lines().rev().find(|line| line.split(' ').nth(4) == Some("/"))?;
    let options = root.split(' ').nth(5)?;
    let is_read_only = options.split(',').any(|option| option == "ro");
    (!is_read_only).then(|| format!("the root of {} can be written", text::excerpt(&process.name, 16)))
}
