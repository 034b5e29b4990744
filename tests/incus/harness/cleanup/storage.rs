//! Mounts, and the loop devices of pools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Whether something is mounted exactly there.
pub(crate) fn is_mounted(path: &Path) -> bool {
    mounts().iter().any(|mount| mount == path)
}

/// The number of the device that is mounted exactly there, as `0:52`.
pub(crate) fn device_of(path: &Path) -> Option<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mut lines = table.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.find(|fields| fields.get(4).is_some_and(|mount| Path::new(mount) == path)).map(|fields| fields[2].into())
}

/// Unmounts everything below `dir` and frees the loop devices whose files are in it.
pub(crate) fn remove(dir: &Path) -> Vec<String> {
    // The last one first, as mounts lie upon each other. Mount points of killed processes may be busy for a moment.
    for options in [&[][..], &["--lazy"]] {
        for mount in below(dir).iter().rev() {
            run("umount", options, mount);
        }
    }
    for device in loops(dir) {
        run("losetup", &["--detach"], &Path::new("/dev").join(device));
    }
    // A lazily unmounted filesystem lives on, and its device with it, until its last user is gone, and all is written.
    for _ in 0..1000 {
        if loops(dir).is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let mounts = below(dir).into_iter().map(|mount| format!("mount {}", mount.display()));
    mounts.chain(loops(dir).into_iter().map(|device| format!("loop device {device}"))).collect()
}

fn run(program: &str, options: &[&str], object: &Path) {
    // Whether it worked is looked at afterwards.
    let _ = Command::new(program).args(options).arg(object).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn below(dir: &Path) -> Vec<PathBuf> {
    mounts().into_iter().filter(|mount| mount.starts_with(dir)).collect()
}

fn mounts() -> Vec<PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    table.lines().filter_map(|line| line.split(' ').nth(4)).map(Into::into).collect()
}

/// The names of the loop devices with a file in `dir`.
fn loops(dir: &Path) -> Vec<String> {
    let devices = fs::read_dir("/sys/block").into_iter().flatten().flatten();
    let names = devices.filter_map(|device| device.file_name().into_string().ok());
    let file = |name: &str| fs::read_to_string(format!("/sys/block/{name}/loop/backing_file")).ok();
    names.filter(|name| file(name).is_some_and(|file| Path::new(&file).starts_with(dir))).collect()
}
