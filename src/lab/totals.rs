//! What all guests of a lab may have together: which totals the project gets, and whether a guest fits into them.
//!
//! Incus adds up what the guests' own limits allow, and refuses the guest that would be too much. It can do so only where
//! each guest has the limit, as a plain amount: a total makes it refuse guests without one, too.

use crate::host::{Root, kernel, memory};
use crate::incus::Config;
use crate::lab_file::{Count, Totals};
use crate::profile::{Effective, ProcessLimit, Size};

use super::{Error, Result};

/// How much of the host's memory and of its kernel's processes all guests may have together, in percent, unless the lab
/// file says otherwise. The rest is for the host: a guest in its limits must never be the end of it.
const SHARE: u64 = 80;

/// Memory that the default is a multiple of, so that it stays what it is when a new kernel takes a little more.
const STEP: u64 = 256 << 20;

/// What a host has for its guests and itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Host {
    /// Bytes.
    memory: u64,
    /// Processes and threads.
    processes: u64,
}

impl Host {
    /// This machine, on which the daemon runs as well: podclaw talks to it through a Unix socket.
    pub(super) fn here() -> Result<Self> {
        let root = Root::machine();
        let unseen = |what| move |why| Error::HostUnseen { what, why };
        let memory = memory::memory(&root).map_err(unseen("how much memory this host has"))?.total;
        let most = |setting| kernel::sysctl_number(&root, setting).map_err(unseen("how many processes it can have"));
        let processes = most("kernel.pid_max")?.min(most("kernel.threads-max")?);
        Ok(Self { memory, processes: processes.try_into().unwrap_or(0) })
    }

    fn share_of_memory(self) -> u64 {
        (self.memory / 100 * SHARE / STEP).max(1) * STEP
    }
}

/// A total as podclaw sets it.
struct Total {
    /// The field of the lab file.
    field: &'static str,
    /// The key of the project, and of a guest's config where there is one.
    key: &'static str,
    /// What the lab file asks for.
    asked: Option<(String, u64)>,
    /// What is taken otherwise.
    default: Option<(String, u64)>,
    /// What one guest may have.
    guest: Option<String>,
    /// How an amount is read; nothing where Incus could not add it up.
    read: fn(&str) -> Option<u64>,
}

/// The limits of the project, for guests like this one.
pub(super) fn limits(totals: &Totals, guest: &Effective, host: Host) -> Result<Config> {
    let mut config = Config::new();
    // podclaw makes no virtual machines, and none of what it knows of containers holds for them.
    config.insert("limits.virtual-machines".into(), "0".into());
    if let Some(guests) = totals.guests {
        config.insert("limits.containers".into(), guests.to_string());
    }
    for total in all(totals, guest, host) {
        if let Some(value) = total.settle()? {
            config.insert(total.key.into(), value);
        }
    }
    Ok(config)
}

fn all(totals: &Totals, guest: &Effective, host: Host) -> [Total; 4] {
    let of_guest = |key: &str| guest.config.get(key).map(|setting| setting.value.clone());
    let is_root = |kind: Option<&str>, path: Option<&str>| kind == Some("disk") && path == Some("/");
    let root = guest.devices.values().find(|device| is_root(device.kind(), device.get("path")));
    let count = |count: Count| (count.to_string(), u64::from(count.get()));
    let size = |size: &Size| (size.to_string(), size.bytes());
    let processes = host.processes * SHARE / 100;
    [
        Total {
            field: "cpu",
            key: "limits.cpu",
            asked: totals.cpu.map(count),
            default: None,
            guest: of_guest("limits.cpu"),
            read: |cpus| cpus.parse().ok(),
        },
        Total {
            field: "memory",
            key: "limits.memory",
            asked: totals.memory.as_ref().map(size),
            default: Some((shown(host.share_of_memory()), host.share_of_memory())),
            guest: of_guest("limits.memory"),
            read: bytes,
        },
        Total {
            field: "processes",
            key: "limits.processes",
            asked: totals.processes.map(count),
            default: Some((processes.to_string(), processes)),
            guest: of_guest("limits.processes"),
            read: |count| count.parse::<ProcessLimit>().ok()?.to_string().parse().ok(),
        },
        Total {
            field: "disk",
            key: "limits.disk",
            asked: totals.disk.as_ref().map(size),
            default: None,
            guest: root.and_then(|root| root.get("size")).map(str::to_owned),
            read: bytes,
        },
    ]
}

impl Total {
    fn settle(&self) -> Result<Option<String>> {
        let guest = self.guest.as_deref();
        let amount = guest.and_then(self.read);
        match (&self.asked, &self.default, amount) {
            (Some((value, total)), _, Some(amount)) | (None, Some((value, total)), Some(amount)) => {
                if amount <= *total {
                    return Ok(Some(value.clone()));
                }
                Err(Error::TotalTooSmall {
                    field: self.field,
                    total: value.clone(),
                    guest: guest.unwrap_or_default().to_owned(),
                    is_default: self.asked.is_none(),
                })
            }
            (Some(_), _, None) => {
                Err(Error::NotAddable { field: self.field, guest: guest.map(|guest| crate::text::excerpt(guest, 32)) })
            }
            // A share of the host's memory can't be added up: who asks for one, and for no total, has none.
            (None, _, _) => Ok(None),
        }
    }
}

fn bytes(text: &str) -> Option<u64> {
    text.parse::<Size>().ok().map(|size| size.bytes())
}

fn shown(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 30) { format!("{}GiB", bytes >> 30) } else { format!("{}MiB", bytes >> 20) }
}

/// What helps where the daemon refuses for the sake of a total, by the daemon's own words.
pub(super) fn help(said: &str) -> Option<String> {
    let field = ["cpu", "memory", "processes", "disk"].into_iter().find(|it| said.contains(&format!("\"limits.{it}")));
    let raise = |field: &str| {
        format!(
            "all guests of the lab together have the total `totals.{field}`: delete a guest, give guests less (`limits`, or \
             another profile), or set a higher total in the lab file and run `podclaw init`"
        )
    };
    if said.contains("Reached maximum number of instances") || said.contains("\"limits.containers\" is too low") {
        return Some(raise("guests"));
    }
    if let Some(field) = field.filter(|_| said.contains("Reached maximum aggregate value")) {
        return Some(raise(field));
    }
    if let Some(field) = field.filter(|_| said.contains("is too low: current total")) {
        return Some(format!(
            "the guests that are there may have more than that together: delete one, or raise `totals.{field}` in the lab file"
        ));
    }
    if let Some(field) =
        field.filter(|_| said.contains("has no \"limits.") || said.contains("Failed parsing \"limits."))
    {
        return Some(format!(
            "the total `totals.{field}` needs a plain amount of each guest: set `limits.{field}` of the guest that is named"
        ));
    }
    if said.contains("has no \"size\" config") {
        return Some(
            "the total `totals.disk` needs a size of each root disk and volume: set the one that is named".into(),
        );
    }
    (said.contains("exceeding quota of") || said.to_lowercase().contains("quota reached")).then(|| {
        "free space in the lab's pool (`podclaw list`, `podclaw delete`) or make it larger; with `totals.disk` in the lab \
         file, an image must fit into what the guests leave of that total"
            .into()
    })
}

#[cfg(test)]
#[path = "totals_tests.rs"]
mod tests;
