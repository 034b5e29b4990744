//! Files of control groups through which a guest could run programs of its own on the host, or loosen its limits.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{Attempt, Finding, errno, scratch};
use crate::probe::CGROUPS;

pub(super) const ATTEMPTS: &[Attempt] = &[(CGROUPS, files)];

/// How many control groups are looked at.
const MOST: usize = 200;

fn files() -> Finding {
    let tried = "to write release_agent in each hierarchy, also in one mounted anew; to write the guest's own limits";
    let mut hierarchies = vec![PathBuf::from("/sys/fs/cgroup")];
    hierarchies.extend(directories(Path::new("/sys/fs/cgroup")));
    let mut open = Vec::new();
    let mut came_back = Vec::new();
    for hierarchy in hierarchies.iter().take(MOST) {
        let agent = hierarchy.join("release_agent");
        if agent.exists() && writes_itself(&agent) {
            open.push(format!("{} can be written", agent.display()));
        }
    }
    came_back.push(format!("{} directories", hierarchies.len()));
    match mounted_anew() {
        Ok(Some(path)) => open.push(path),
        Ok(None) => came_back.push("mounted anew: no release_agent to be written".into()),
        Err(error) => came_back.push(format!("mounting anew: {}", errno(&error))),
    }
    Finding::of_attempts(tried, &open, came_back.join(", "))
}

fn directories(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

/// Writes to a file what stands in it, which changes nothing. The kernel asks for the right to at the write, not before.
fn writes_itself(path: &Path) -> bool {
    let Ok(content) = fs::read(path) else { return false };
    fs::write(path, content).is_ok()
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
                let agent = place.join("release_agent");
                if agent.exists() && writes_itself(&agent) {
                    found = Some(format!("release_agent of {controller}, mounted anew, can be written"));
                }
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
