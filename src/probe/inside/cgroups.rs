//! Files of control groups through which a guest could run programs of its own on the host, or loosen its limits.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{Attempt, Finding, errno, scratch};
use crate::probe::CGROUPS;

pub(super) const ATTEMPTS: &[Attempt] = &[(CGROUPS, files)];

/// What the filesystem of version 2 is known by.
const CGROUP2: i64 = 0x6367_7270;
/// How many control groups are looked at.
const MOST: usize = 200;

fn files() -> Finding {
    let tried = "to write release_agent in each hierarchy, also in one mounted anew; to write the guest's own limits";
    let top = Path::new("/sys/fs/cgroup");
    let mut hierarchies = vec![top.to_owned()];
    // In version 2 what is below are the guest's own groups, which it may set limits for.
    if !rustix::fs::statfs(top).is_ok_and(|found| found.f_type == CGROUP2) {
        hierarchies.extend(directories(top));
    }
    let mut open = Vec::new();
    let mut came_back = Vec::new();
    for hierarchy in hierarchies.iter().take(MOST) {
        open.extend(writable(hierarchy).map(|file| format!("{} can be written", hierarchy.join(file).display())));
    }
    came_back.push(format!("{} directories", hierarchies.len()));
    match mounted_anew() {
        Ok(Some(path)) => open.push(path),
        Ok(None) => came_back.push("mounted anew: nothing to be written".into()),
        Err(error) => came_back.push(format!("mounting anew: {}", errno(&error))),
    }
    Finding::of_attempts(tried, &open, came_back.join(", ")).of_all(hierarchies.len().min(MOST), hierarchies.len())
}

fn directories(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

/// What leads out of a control group, and the limits that the guest's own has.
const FILES: [&str; 8] = [
    "release_agent",
    "memory.limit_in_bytes",
    "pids.max",
    "cpu.cfs_quota_us",
    "devices.allow",
    "memory.max",
    "cpu.max",
    "cpuset.cpus",
];

/// Those of a control group's files that can be written and must not.
fn writable(group: &Path) -> impl Iterator<Item = &'static str> {
    FILES.into_iter().filter(|file| writes_itself(&group.join(file)))
}

/// Writes to a file what stands in it, which changes nothing. The kernel asks for the right to at the write, not before.
fn writes_itself(path: &Path) -> bool {
    // This one can only be written, and nothing that would change nothing.
    if path.ends_with("devices.allow") {
        return super::devices::open(path, true).is_ok();
    }
    let Ok(content) = fs::read(path) else { return false };
    // Nothing at all would not be written.
    let content = if content.is_empty() { b"\n".to_vec() } else { content };
    fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(&content)).is_ok()
}

/// A hierarchy of control groups can be mounted in a guest. What counts is what can be written there.
fn mounted_anew() -> std::io::Result<Option<String>> {
    let place = scratch()?;
    let mut found = None;
    let mut last = None;
    for controller in ["memory", "cpuset", "pids", "rdma", "misc", "freezer", "perf_event"] {
        let options = std::ffi::CString::new(controller).unwrap_or_default();
        match mount("cgroup", &place, "cgroup", MountFlags::empty(), Some(&*options)) {
            Ok(()) => {
                let file = writable(&place).next();
                found = file.map(|file| format!("{file} of {controller}, mounted anew, can be written"));
                let _ = unmount(&place, UnmountFlags::DETACH);
                last = None;
                break;
            }
            Err(error) => last = Some(error),
        }
    }
    let _ = fs::remove_dir(&place);
    last.map_or(Ok(found), |error| Err(error.into()))
}
