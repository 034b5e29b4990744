//! Finding the processes of a run, and ending them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::slot::MARK;

const PATIENCE: Duration = Duration::from_secs(10);

/// The processes that carry the mark of the run in `dir`, and all their descendants: the containers, whose own
/// environment is empty.
pub(crate) fn of_run(dir: &Path) -> BTreeSet<i32> {
    let all = all();
    let mut found: BTreeSet<i32> = all.iter().map(|(pid, _)| *pid).filter(|pid| is_marked(*pid, dir)).collect();
    loop {
        let before = found.len();
        found.extend(all.iter().filter(|(_, parent)| found.contains(parent)).map(|(pid, _)| *pid).collect::<Vec<_>>());
        if found.len() == before {
            return found;
        }
    }
}

/// Kills all of them, also those that are started meanwhile. False if there are some that do not end.
pub(crate) fn kill_run(dir: &Path) -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = of_run(dir);
        if found.is_empty() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        for pid in found {
            signal(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether there is a process of that name, whoever's it is.
pub(crate) fn is_running(name: &str) -> bool {
    let names = all().into_iter().filter_map(|(pid, _)| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
    names.into_iter().any(|it| it.trim_end() == name)
}

/// Whether a helper of the daemon in `dir` runs, as `forkstart`. Its environment may be empty; its arguments name the directory.
pub(crate) fn helps(dir: &Path, helper: &str) -> bool {
    let arguments = |pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let is_its = |argument: &[u8]| Path::new(std::ffi::OsStr::from_bytes(argument)).starts_with(dir);
    let is_it = |arguments: Vec<u8>| {
        let mut arguments = arguments.split(|byte| *byte == 0);
        arguments.nth(1) == Some(helper.as_bytes()) && arguments.any(is_its)
    };
    all().into_iter().any(|(pid, _)| is_it(arguments(pid)))
}

/// Asks a process to end, and waits until it has.
pub(crate) fn terminate(pid: &str) {
    let Ok(pid) = pid.parse() else { return };
    signal(pid, Signal::TERM);
    let deadline = Instant::now() + PATIENCE;
    while parent(pid).is_some() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
}

/// Every process with its parent, without those that have ended and only wait to be collected.
fn all() -> Vec<(i32, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, parent(pid)?))).collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything, also parentheses.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(parent)
}

fn is_marked(pid: i32, dir: &Path) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let wanted = [MARK.as_bytes(), b"=", dir.as_os_str().as_bytes()].concat();
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted) || is_monitor(pid, dir)
}

/// Whether it is a container's monitor, which writes its title where its environment was. The title names the directory.
fn is_monitor(pid: i32, dir: &Path) -> bool {
    let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    title.starts_with(&[b"[lxc monitor] ", dir.as_os_str().as_bytes(), b"/"].concat())
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}
