//! What the runs on a machine share: lxcfs, which serves every container, and the firewall's table.
//!
//! Only what a run had to make is removed, by the last run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::slot::BASE;
use super::{cleanup, process};

/// Where Incus' containers look for lxcfs.
const MOUNT: &str = "/var/lib/incus-lxcfs";

/// Makes what is missing, and notes what it made. Runs that start together do so one after the other.
pub(crate) fn prepare() -> io::Result<()> {
    fs::create_dir_all(dir())?;
    let lock = File::open(dir())?;
    lock.lock()?;
    if dir().join("ready").exists() {
        return Ok(());
    }
    if !cleanup::firewall_table_exists() {
        fs::write(dir().join("made-table"), "")?;
    }
    if !cleanup::is_mounted(Path::new(MOUNT)) {
        start_lxcfs()?;
    }
    fs::write(dir().join("ready"), "")
}

/// Removes what `prepare` made. What is left is returned.
pub(crate) fn remove() -> Vec<String> {
    let mut left = Vec::new();
    if let Ok(pid) = fs::read_to_string(dir().join("lxcfs.pid")) {
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
    command.args(["lxcfs", MOUNT]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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

fn stop_lxcfs(pid: &str) {
    // The number may belong to somebody else by now.
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if command.starts_with("lxcfs\0") && command.contains(MOUNT) {
        process::terminate(pid);
    }
    let _ = Command::new("umount").args(["--lazy", MOUNT]).stderr(Stdio::null()).status();
    if dir().join("made-mount-point").exists() {
        let _ = fs::remove_dir(MOUNT);
    }
}
