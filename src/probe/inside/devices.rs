//! Devices and filesystems of the host.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::{Finding, errno, scratch};

/// Devices that no guest may have, besides the host's disks: memory, ports, the kernel's log, the console, and more.
const CHARACTER_DEVICES: [(u32, u32, &str); 7] = [
    (1, 1, "mem"),
    (1, 4, "port"),
    (1, 11, "kmsg"),
    (4, 1, "tty1"),
    (10, 231, "snapshot"),
    (10, 237, "loop-control"),
    (10, 234, "btrfs-control"),
];

/// How many of the host's disks are tried.
const MOST: usize = 1024;

/// Opens a file without waiting for it and without becoming its terminal.
pub(super) fn open(path: impl AsRef<Path>, write: bool) -> io::Result<File> {
    let access = if write { OFlags::WRONLY } else { OFlags::RDONLY };
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path.as_ref(), flags, Mode::empty())?))
}

/// A device of the host, as a node that was made for it.
fn nodes(disks: &[(u32, u32)]) -> impl Iterator<Item = (FileType, u32, u32, String)> {
    let disk = |&(major, minor): &(u32, u32)| (FileType::BlockDevice, major, minor, format!("disk {major}:{minor}"));
    let other = |&(major, minor, name): &(u32, u32, &str)| (FileType::CharacterDevice, major, minor, name.to_owned());
    disks.iter().take(MOST).map(disk).chain(CHARACTER_DEVICES.iter().map(other))
}

/// Makes nodes for the host's devices and opens them; also those that are there already.
pub(super) fn make_and_open(disks: &[(u32, u32)]) -> Finding {
    let tried = "to make nodes of the host's disks, memory, ports and log, and to open them; to open each disk in /dev";
    let Ok(place) = scratch() else {
        return Finding::could_not_tell(tried, "no directory can be made anywhere: the guest's disk may be full");
    };
    let mut open_ones = Vec::new();
    let (mut made, mut refused) = (0, 0);
    for (kind, major, minor, name) in nodes(disks) {
        let path = place.join("node");
        match mknodat(CWD, &path, kind, Mode::from_raw_mode(0o600), makedev(major, minor)) {
            Ok(()) => {
                made += 1;
                if open(&path, false).is_ok() {
                    open_ones.push(format!("{name} was made and opened"));
                }
                let _ = fs::remove_file(&path);
            }
            Err(_) => refused += 1,
        }
    }
    let _ = fs::remove_dir(&place);
    for entry in fs::read_dir("/dev").into_iter().flatten().flatten() {
        // A node that is mounted over a file shows as a file in its directory.
        let is_disk = fs::metadata(entry.path()).is_ok_and(|found| found.file_type().is_block_device());
        if is_disk && open(entry.path(), false).is_ok() {
            open_ones.push(format!("{} can be opened", entry.path().display()));
        }
    }
    let finding =
        Finding::of_attempts(tried, &open_ones, format!("{refused} nodes refused, {made} made and not opened"));
    finding.of_all(disks.len().min(MOST), disks.len())
}

/// Mounts what would show the host: its disks, and filesystems of the kernel that are not the guest's.
pub(super) fn mount_filesystems(disks: &[(u32, u32)]) -> Finding {
    let kinds = ["debugfs", "tracefs", "securityfs", "configfs", "pstore", "efivarfs", "devtmpfs"];
    let tried = format!("to mount {} and the host's disks", kinds.join(", "));
    let Ok(place) = scratch() else {
        return Finding::could_not_tell(tried, "no directory can be made anywhere: the guest's disk may be full");
    };
    let at = place.join("at");
    let mut open_ones = Vec::new();
    let mut came_back = Vec::new();
    let is_there = fs::create_dir(&at).is_ok();
    if is_there {
        for kind in kinds {
            match mount("none", &at, kind, MountFlags::RDONLY, None) {
                Ok(()) => {
                    open_ones.push(format!("{kind} was mounted"));
                    let _ = unmount(&at, UnmountFlags::DETACH);
                }
                Err(error) => came_back.push(format!("{kind}: {}", errno(&error.into()))),
            }
        }
        let node = place.join("disk");
        for &(major, minor) in disks.iter().take(MOST) {
            if mknodat(CWD, &node, FileType::BlockDevice, Mode::from_raw_mode(0o600), makedev(major, minor)).is_err() {
                continue;
            }
            for kind in ["ext4", "btrfs", "xfs", "vfat"] {
                if mount(&node, &at, kind, MountFlags::RDONLY, None).is_ok() {
                    open_ones.push(format!("disk {major}:{minor} was mounted"));
                    let _ = unmount(&at, UnmountFlags::DETACH);
                }
            }
            let _ = fs::remove_file(&node);
        }
    }
    // Never all that is in it: something of the host's might be mounted there still.
    let _ = fs::remove_dir(&at);
    let _ = fs::remove_dir(&place);
    if !is_there {
        return Finding::could_not_tell(tried, "no directory can be made to mount on: the guest's disk may be full");
    }
    Finding::of_attempts(tried, &open_ones, came_back.join(", ")).of_all(disks.len().min(MOST), disks.len())
}
