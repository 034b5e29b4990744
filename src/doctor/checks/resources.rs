//! Room and memory.

use super::{Check, Group, Said, Subject, gibibytes};
use crate::host::memory::{is_volatile, memory, swaps};

/// What the building of an image takes at most.
const BUILD: u64 = 4 << 30;
/// What must be free of the pool for one more guest.
const GUEST_DISK: u64 = 3 << 30;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "resources-cache",
        group: Group::Resources,
        title: "there is room to build an image",
        why: "Building the images takes up to 4 GiB in the cache directory.",
        remedy: "free space, or name another place with `--cache-dir`",
        essential: false,
        judge: |subject| match &subject.space.cache {
            Err(why) => Said::unseen("the cache directory", why),
            Ok(space) if space.free < BUILD => Said::fail(format!("{} free", gibibytes(space.free))),
            Ok(space) => Said::ok(format!("{} free", gibibytes(space.free))),
        },
    },
    Check {
        id: "resources-pool",
        group: Group::Resources,
        title: "the pool has room, and can grow to its size",
        why: "The pool's file is sparse. When the disk below it is full before the pool is, all guests get errors at once, \
              and so does the host.",
        remedy: "free space on the disk, or set a smaller `pool.size` in the lab file before `podclaw init`",
        essential: false,
        judge: pool,
    },
    Check {
        id: "resources-memory",
        group: Group::Resources,
        title: "there is memory for a guest",
        why: "A guest may take all of its limit. When the host has less, it is the host that kills processes, and not the \
              guest's limit.",
        remedy: "set `limits.memory` in the lab file, launch fewer guests, or give the machine more",
        essential: false,
        judge: judge_memory,
    },
    Check {
        id: "resources-swap",
        group: Group::Resources,
        title: "memory is not written to a disk that keeps it",
        why: "What a guest had in memory, such as tokens, stays on a swap device after the guest and the lab are wiped.",
        remedy: "`swapoff -a` and remove it from /etc/fstab, or use zram or an encrypted device",
        essential: false,
        judge: |subject| match swaps(&subject.root) {
            Err(why) => Said::unseen("/proc/swaps", &why),
            Ok(all) => {
                let kept: Vec<_> = all.iter().filter(|swap| !is_volatile(&subject.root, swap)).collect();
                if kept.is_empty() { Said::ok("it is not") } else { Said::warn("it may be").with(kept) }
            }
        },
    },
];

fn pool(subject: &Subject) -> Said {
    let room = match &subject.daemon {
        Ok(daemon) => match &daemon.room {
            Ok(room) => *room,
            Err(why) => return Said::unknown(why),
        },
        Err(_) => None,
    };
    if let Some(room) = room {
        let free = room.space.total.saturating_sub(room.space.used);
        if room.space.total > 0 && free < GUEST_DISK {
            return Said::warn(format!("{} of {} free in the pool", gibibytes(free), gibibytes(room.space.total)))
                .mend("`podclaw delete` guests that are not needed, or raise `pool.size` and `podclaw init`");
        }
    }
    let Some(size) = subject.wanted.pool_size else { return Said::ok("it has a device of its own") };
    let used = room.map_or(0, |room| room.space.used);
    match &subject.space.incus {
        Err(why) => Said::unseen("where the pool's file is", why),
        Ok(space) if space.free < size.saturating_sub(used) => Said::warn(format!(
            "{} free on the disk, and the pool may take {} more",
            gibibytes(space.free),
            gibibytes(size.saturating_sub(used))
        )),
        Ok(space) => Said::ok(format!("{} free on the disk for a pool of {}", gibibytes(space.free), gibibytes(size))),
    }
}

fn judge_memory(subject: &Subject) -> Said {
    let memory = match memory(&subject.root) {
        Ok(memory) => memory,
        Err(why) => return Said::unseen("/proc/meminfo", &why),
    };
    let Some(guest) = subject.wanted.guest_memory else {
        return Said::unknown("what a guest may take is not known");
    };
    let seen = format!(
        "{} of {} available, {} for each guest",
        gibibytes(memory.available),
        gibibytes(memory.total),
        gibibytes(guest)
    );
    if memory.total < guest {
        Said::fail(seen)
    } else if memory.available < guest {
        Said::warn(seen)
    } else {
        Said::ok(seen)
    }
}
