//! How far a guest may go by its configuration, and how far the host lets a proof go.

use crate::incus::InstanceWithState;
use crate::lab::Lab;
use crate::probe::plan::{LimitsPlan, Spare};

/// How far the guest may go, by its configuration.
pub(super) async fn limits(lab: &Lab, guest: &InstanceWithState) -> LimitsPlan {
    let config = |key: &str| guest.instance.expanded_config.get(key);
    let root =
        guest.instance.expanded_devices.values().find(|device| device.get("path").is_some_and(|path| path == "/"));
    let pool = root.and_then(|device| device.get("pool"));
    LimitsPlan {
        processes: config("limits.processes").and_then(|number| number.parse().ok()),
        memory: config("limits.memory").and_then(|size| bytes(size)),
        disk: root.and_then(|device| bytes(device.get("size")?)),
        spare: Spare { processes: spare_processes(), memory: spare_memory(), disk: spare_disk(lab, pool).await },
    }
}

/// Half of what the kernel can have at all.
fn spare_processes() -> u64 {
    let number = |name: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok()?.trim().parse().ok();
    let most = ["threads-max", "pid_max"].into_iter().filter_map(number).min();
    most.unwrap_or(0_u64) / 2
}

/// Three quarters of what programs could have now.
fn spare_memory() -> u64 {
    let table = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = table.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) / 4 * 3 * 1024
}

/// What is free in the pool, but for a part that other guests may need meanwhile.
async fn spare_disk(lab: &Lab, pool: Option<&String>) -> u64 {
    const FOR_OTHERS: u64 = 1 << 30;
    let Some(pool) = pool else { return 0 };
    let room = lab.client.pool_resources(pool).await.ok().flatten().unwrap_or_default();
    room.space.total.saturating_sub(room.space.used).saturating_sub(FOR_OTHERS)
}

/// A size as Incus writes it. A share of the host's memory is none.
fn bytes(size: &str) -> Option<u64> {
    let units = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("kB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ];
    let unit = units.iter().find_map(|(unit, factor)| Some((size.strip_suffix(unit)?, *factor)));
    let (number, factor) = unit.unwrap_or((size.strip_suffix('B').unwrap_or(size), 1));
    number.parse::<u64>().ok()?.checked_mul(factor)
}
