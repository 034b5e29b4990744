//! Removing from this machine what the daemon left of guests, and of a network, that are gone. It tidies by hooks that run as
//! a guest ends, and where it is down just then, nobody does it later. Whether it worked is looked at afterwards.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::host::Root;
use crate::host::residue::{Gone, Trace};
use crate::program::{self, Running};

/// How long a program may take.
const LONGEST: Duration = Duration::from_secs(5);

/// Removes what was found, as far as only guests of the lab that are gone can have it.
pub(super) fn tidy(root: &Root, gone: &Gone, found: &[Trace]) {
    // Logs are no use to anybody but a reader. No link is followed on the way down.
    if !gone.spares_logs {
        for directory in gone.logs(root).unwrap_or_default() {
            let _ = std::fs::remove_dir_all(root.join(directory));
        }
    }
    for trace in found {
        match trace.kind {
            // Only what the daemon had written down as the end of one of these guests; with it goes the other end.
            "interface" if gone.interfaces.contains(&trace.name) => run("ip", &["link", "delete", "dev", &trace.name]),
            "mount" => run("umount", &["--", &trace.name]),
            // The kernel lets go of those only that hold no process.
            "control group" => remove_groups(Path::new(&trace.name)),
            // The daemon removes it as a guest ends; the kernel removes what was loaded into it with it.
            "AppArmor namespace" => drop(std::fs::remove_dir(&trace.name)),
            "firewall" => remove_chain(&trace.name),
            "process" => end_resolver(root, gone, &trace.name),
            _ => {}
        }
    }
}

fn run(name: &str, arguments: &[&str]) {
    if let Some(path) = program::find(name) {
        let _ = program::run(&path, arguments, Vec::new(), LONGEST, &Running::default());
    }
}

/// The resolver of a network that is gone answers nobody, and the next one of its name can't listen. What is asked of the
/// daemon ends it, but not where that was killed in the midst of making it anew.
fn end_resolver(root: &Root, gone: &Gone, name: &str) {
    let number = name.split_once(':').and_then(|(number, _)| number.parse().ok());
    let Some(pid) = number.filter(|pid| *pid > 1).and_then(Pid::from_raw) else { return };
    // Opened before it is looked at: what is signalled is what was looked at.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let command = root.text(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
    if gone.is_resolver(&command) {
        let _ = pidfd_send_signal(process, Signal::KILL);
    }
}

/// The filters of one guest. The daemon takes those of a bridge away with the bridge.
fn remove_chain(name: &str) {
    let words: Vec<&str> = name.split(' ').collect();
    let ["chain", family @ "bridge", table @ "incus", chain] = words[..] else { return };
    for verb in ["flush", "delete"] {
        run("nft", &[verb, "chain", family, table, chain]);
    }
}

fn remove_groups(path: &Path) {
    for inside in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if inside.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&inside.path());
        }
    }
    let _ = std::fs::remove_dir(path);
}
