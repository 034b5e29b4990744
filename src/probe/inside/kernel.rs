//! What the kernel lets root in the guest do.

use std::fs::File;
use std::os::fd::AsFd;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use rustix::time::{ClockId, clock_gettime, clock_settime};

use super::{Attempt, Finding, errno, random};
use crate::probe::{CAPABILITIES, LOG, MODULES, SECCOMP};

pub(super) const ATTEMPTS: &[Attempt] = &[(CAPABILITIES, powers), (SECCOMP, filter), (MODULES, modules), (LOG, log)];

/// Things that only root of the host may do. Each is such that it changes nothing should it work.
fn powers() -> Finding {
    let tried = "to set the clock to what it is, to change the mode of a setting of the kernel; its own id map";
    let mut open = Vec::new();
    let mut came_back = Vec::new();
    match clock_settime(ClockId::Realtime, clock_gettime(ClockId::Realtime)) {
        Ok(()) => open.push("the clock was set".to_owned()),
        Err(error) => came_back.push(format!("clock: {}", errno(&error.into()))),
    }
    match rustix::fs::chmod("/proc/sys/kernel/core_pattern", rustix::fs::Mode::from_raw_mode(0o644)) {
        Ok(()) => open.push("a setting of the kernel changed its mode".to_owned()),
        Err(error) => came_back.push(format!("mode of a setting: {}", errno(&error.into()))),
    }
    if let Some(owner) = initial_ids() {
        open.push(owner);
    }
    Finding::of_attempts(tried, &open, came_back.join(", "))
}

/// Root with the ids of the host has them all.
fn initial_ids() -> Option<String> {
    let map = std::fs::read_to_string("/proc/self/uid_map").ok()?;
    let mut numbers = map.split_whitespace().filter_map(|number| number.parse::<u64>().ok());
    (numbers.next() == Some(0) && numbers.next() == Some(0)).then(|| "its root is the host's root".to_owned())
}

/// An empty file is no module: a kernel that gets as far as to say so would take a real one.
fn module_calls() -> [(&'static str, Result<(), Errno>); 3] {
    let file = memfd_create("module", MemfdFlags::CLOEXEC).map(File::from);
    [
        ("init_module", rustix::system::init_module(&[0; 16], c"")),
        ("finit_module", file.and_then(|file| rustix::system::finit_module(file.as_fd(), c"", 0))),
        ("delete_module", rustix::system::delete_module(c"podclaw_none", libc_nonblock())),
    ]
}

/// The daemon's filter refuses to unmount by force, of which the kernel itself would say that there is no such place. Of calls
/// for modules it says that there are none such; the kernel would say that they are not permitted, or do them. Any filter at
/// all is not enough: one that only hands calls over to the daemon is one, too.
fn filter() -> Finding {
    let tried = "to unmount by force what is not there, and calls for modules, which the daemon's filter keeps off";
    let nowhere = match random::<8>() {
        Ok(number) => format!("/.podclaw-probe-{:016x}", u64::from_ne_bytes(number)),
        Err(error) => return Finding::could_not_tell(tried, errno(&error)),
    };
    let mut passed = Vec::new();
    match unmount(nowhere, UnmountFlags::FORCE) {
        Err(Errno::ACCESS) => {}
        Err(Errno::NOENT) => passed.push("the kernel was asked to unmount by force".to_owned()),
        other => return Finding::could_not_tell(tried, format!("an unexpected answer: {other:?}")),
    }
    passed.extend(module_calls().into_iter().filter_map(|(name, result)| match result {
        Err(Errno::NOSYS) => None,
        Ok(()) => Some(format!("{name} worked")),
        Err(error) => Some(format!("{name} got past it: {}", errno(&error.into()))),
    }));
    Finding::of_attempts(tried, &passed, "none of them got to the kernel")
}

fn modules() -> Finding {
    let tried = "to load an empty module, in two ways, and to remove one that is not there";
    let attempts = module_calls();
    let refused = |result: &Result<(), Errno>| matches!(result, Err(Errno::PERM | Errno::NOSYS | Errno::ACCESS));
    let open: Vec<String> = attempts
        .iter()
        .filter(|(_, result)| !refused(result))
        .map(|(name, result)| match result {
            Ok(()) => format!("{name} worked"),
            Err(error) => format!("{name} got as far as: {}", errno(&(*error).into())),
        })
        .collect();
    let came_back: Vec<String> = attempts
        .iter()
        .filter_map(|(name, result)| Some(format!("{name}: {}", errno(&result.err()?.into()))))
        .collect();
    Finding::of_attempts(tried, &open, came_back.join(", "))
}

/// `O_NONBLOCK`, which tells the kernel not to wait until nobody uses the module.
fn libc_nonblock() -> i32 {
    i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0)
}

fn log() -> Finding {
    let files = [
        "/dev/kmsg",
        "/proc/kmsg",
        "/proc/kcore",
        "/dev/mem",
        "/dev/kmem",
        "/dev/port",
        "/sys/firmware/acpi/tables/DSDT",
        "/sys/firmware/dmi/tables/DMI",
    ];
    let mut open = Vec::new();
    let mut came_back = Vec::new();
    for path in files {
        match super::devices::open(path, false) {
            // /dev/kmsg is often made to be /dev/console or /dev/null for programs that insist on it.
            Ok(file) if is_harmless(&file) => came_back.push(format!("{path}: stands for another")),
            Ok(_) => open.push(format!("{path} can be opened")),
            Err(error) => came_back.push(format!("{path}: {}", errno(&error))),
        }
    }
    Finding::of_attempts(format!("to open {}", files.join(", ")), &open, came_back.join(", "))
}

/// Whether it is `/dev/null` or a terminal of the guest's.
fn is_harmless(file: &File) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    file.metadata().is_ok_and(|found| {
        let major = rustix::fs::major(found.rdev());
        let minor = rustix::fs::minor(found.rdev());
        let null = (major, minor) == (1, 3);
        found.file_type().is_char_device() && (null || (136..144).contains(&major) || major == 5)
            || found.is_file() && found.len() == 0 && !file_is_of_proc(file)
    })
}

fn file_is_of_proc(file: &File) -> bool {
    // The magic number of procfs.
    rustix::fs::fstatfs(file).is_ok_and(|found| found.f_type == 0x9fa0)
}
