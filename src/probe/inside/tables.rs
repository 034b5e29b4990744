//! Files of the kernel that are the whole machine's: settings, switches and the debugging filesystems.

use std::fs;
use std::path::Path;

use super::{Attempt, Finding, devices, errno};
use crate::probe::{DEBUGFS, GUEST_API, SETTINGS};

pub(super) const ATTEMPTS: &[Attempt] = &[(SETTINGS, settings), (DEBUGFS, debugging), (GUEST_API, guest_api)];

/// Settings without a namespace of their own, and switches: who writes them changes the host.
const SETTINGS_OF_ALL: [&str; 29] = [
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/modules_disabled",
    "/proc/sys/kernel/poweroff_cmd",
    "/proc/sys/kernel/panic",
    "/proc/sys/kernel/panic_on_oops",
    "/proc/sys/kernel/sysrq",
    "/proc/sys/kernel/dmesg_restrict",
    "/proc/sys/kernel/kptr_restrict",
    "/proc/sys/kernel/perf_event_paranoid",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/kernel/unprivileged_bpf_disabled",
    "/proc/sys/kernel/usermodehelper/bset",
    "/proc/sys/kernel/threads-max",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/vm/swappiness",
    "/proc/sys/vm/mmap_min_addr",
    "/proc/sys/fs/file-max",
    "/proc/sys/fs/suid_dumpable",
    "/proc/sys/fs/protected_symlinks",
    "/proc/sys/fs/protected_hardlinks",
    "/proc/sys/net/core/bpf_jit_enable",
    "/proc/irq/default_smp_affinity",
    "/sys/kernel/uevent_helper",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/power/state",
    "/sys/module/kernel/parameters/panic",
];

fn settings() -> Finding {
    let tried = format!("to open {} of them for writing", SETTINGS_OF_ALL.len());
    let mut open = Vec::new();
    let (mut refused, mut missing) = (0, 0);
    for path in SETTINGS_OF_ALL {
        // Opening is enough: the kernel asks for the right to write then.
        match fs::OpenOptions::new().write(true).open(path) {
            Ok(_) => open.push(format!("{path} can be written")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing += 1,
            Err(_) => refused += 1,
        }
    }
    if open.is_empty() && refused == 0 {
        return Finding::could_not_tell(tried, "none of them is there: /proc or /sys is not what it should be");
    }
    Finding::of_attempts(tried, &open, format!("{refused} refused, {missing} not there"))
}

fn debugging() -> Finding {
    let places =
        ["/sys/kernel/debug", "/sys/kernel/tracing", "/sys/fs/bpf", "/sys/fs/pstore", "/sys/firmware/efi/efivars"];
    let mut open = Vec::new();
    let mut came_back = Vec::new();
    for place in places {
        match fs::read_dir(place).map(|mut entries| entries.next().is_some()) {
            Ok(true) => open.push(format!("{place} can be read")),
            Ok(false) => came_back.push(format!("{place}: empty")),
            Err(error) => came_back.push(format!("{place}: {}", errno(&error))),
        }
    }
    Finding::of_attempts(format!("to list {}", places.join(", ")), &open, came_back.join(", "))
}

fn guest_api() -> Finding {
    let sockets = ["/dev/incus/sock", "/dev/lxd/sock"];
    let mut open = Vec::new();
    for path in sockets {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            open.push(format!("{path} answers"));
        } else if Path::new(path).exists() {
            open.push(format!("{path} is there"));
        }
    }
    let virtio = Path::new("/dev/virtio-ports/org.linuxcontainers.incus");
    if devices::open(virtio, false).is_ok() {
        open.push(format!("{} can be opened", virtio.display()));
    }
    Finding::of_attempts(format!("to connect to {}", sockets.join(" and ")), &open, "neither is there")
}
