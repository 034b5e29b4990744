//! What the runs on a machine share: lxcfs, which serves every container, and the firewall's table.
//!
//! Only what a run had to make is removed, by the last run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::guardian::say;
use super::slot::BASE;
use super::{cleanup, process};

/// Where lxcfs' own hook for containers looks for it.
const MOUNT: &str = "/var/lib/lxcfs";

/// Makes what is missing, and notes what it made. Runs that start together do so one after the other.
pub(crate) fn prepare() -> io::Result<()> {
    fs::create_dir_all(dir())?;
    let lock = File::open(dir())?;
    lock.lock()?;
    // Only the first run can know whose the table is.
    if !dir().join("table-looked-for").exists() {
        if !cleanup::firewall_table_exists() {
            fs::write(dir().join("made-table"), "")?;
        }
        fs::write(dir().join("table-looked-for"), "")?;
    }
    if !cleanup::is_mounted(Path::new(MOUNT)) {
        start_lxcfs()?;
    }
    Ok(())
}

/// Removes what `prepare` made. What is left is returned.
pub(crate) fn remove() -> Vec<String> {
    let mut left = Vec::new();
    if let Ok(pid) = fs::read_to_string(dir().join("lxcfs.pid")) {
        if is_used_by_others() {
            // Containers of another daemon were started meanwhile, and would break. The next run tries again.
            say("lxcfs, which the tests started, runs on: other containers on this machine use it now");
            return left;
        }
        stop_lxcfs(pid.trim());
        if cleanup::is_mounted(Path::new(MOUNT)) {
            left.push(format!("mount {MOUNT}"));
        }
    }
    if dir().join("made-table").exists() {
        cleanup::remove_empty_firewall_table();
    }
    // It may be that no run got this far.
    let _ = fs::remove_dir_all(dir());
    left
}

fn dir() -> PathBuf {
    Path::new(BASE).join("shared")
}

fn start_lxcfs() -> io::Result<()> {
    if !Path::new(MOUNT).exists() {
        fs::create_dir_all(MOUNT)?;
        fs::write(dir().join("made-mount-point"), "")?;
    }
    // `setsid` makes it a session of its own, and is replaced by it: the process id stays the same.
    let mut command = Command::new("setsid");
    // A pid file of its own: another lxcfs, for another place, holds a lock on the usual one.
    command.args(["lxcfs", "--pidfile"]).arg(dir().join("lxcfs.lock")).arg(MOUNT);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().map_err(|error| io::Error::other(format!("cannot start lxcfs: {error}")))?;
    fs::write(dir().join("lxcfs.pid"), child.id().to_string())?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while !cleanup::is_mounted(Path::new(MOUNT)) {
        if Instant::now() > deadline {
            return Err(io::Error::other("lxcfs does not start"));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Whether a process in another mount namespace, so in a container, has a mount of this lxcfs.
fn is_used_by_others() -> bool {
    let Some(device) = cleanup::device_of(Path::new(MOUNT)) else { return false };
    let own = fs::read_link("/proc/self/ns/mnt").ok();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut others = processes.filter(|path| fs::read_link(path.join("ns/mnt")).is_ok_and(|it| Some(it) != own));
    others.any(|path| {
        let mounts = fs::read_to_string(path.join("mountinfo")).unwrap_or_default();
        let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        // Containers have single files of it; a namespace that is a copy of the machine's has it as a whole.
        mounts.any(|fields| fields.get(2) == Some(&&*device) && fields.get(3) != Some(&"/"))
    })
}

fn stop_lxcfs(pid: &str) {
    // The number may belong to somebody else by now.
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if command.starts_with("lxcfs\0") && command.contains(MOUNT) {
        process::terminate(pid);
    }
    let _ = Command::new("umount").args(["--lazy", MOUNT]).stderr(Stdio::null()).status();
    if dir().join("made-mount-point").exists() {
        // Whether it worked is looked at by who called.
        let _ = fs::remove_dir(MOUNT);
    }
}
