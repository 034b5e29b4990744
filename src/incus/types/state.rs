//! What instances use.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

use super::{Status, null_is_empty};

/// What an instance does and uses.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct InstanceState {
    /// What it does.
    pub status: Status,
    /// Its first process on the host; 0 or less where it does not run.
    pub pid: i64,
    /// How many processes it has; negative where that is unknown.
    pub processes: i64,
    /// Its memory.
    #[serde(deserialize_with = "null_is_empty")]
    pub memory: MemoryState,
    /// Its processor time.
    #[serde(deserialize_with = "null_is_empty")]
    pub cpu: CpuState,
    /// Its network interfaces, by name. The guest chooses the names.
    #[serde(deserialize_with = "null_is_empty")]
    pub network: BTreeMap<String, NetworkState>,
    /// Bytes on disk, by device; the daemon leaves out what it does not know.
    #[serde(deserialize_with = "null_is_empty")]
    pub disk: BTreeMap<String, DiskState>,
}

/// What an instance's device takes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DiskState {
    /// Bytes.
    pub usage: i64,
}

/// The memory of an instance, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MemoryState {
    /// What it uses.
    pub usage: i64,
    /// The most that it used.
    pub usage_peak: i64,
    /// What it may use.
    pub total: i64,
}

/// The processor time of an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CpuState {
    /// Nanoseconds since it was started.
    pub usage: i64,
}

/// A network interface of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NetworkState {
    /// Its addresses.
    #[serde(deserialize_with = "null_is_empty")]
    pub addresses: Vec<NetworkAddress>,
    /// Its MAC address.
    pub hwaddr: String,
    /// The interface on the host.
    pub host_name: String,
}

/// An address of a network interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NetworkAddress {
    /// The address as text.
    pub address: String,
    /// `global`, `link` or `local`.
    pub scope: String,
}

impl InstanceState {
    /// Its addresses that are meant for others, IPv4 first. What the guest's kernel reports but is no address is left
    /// out.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        let all = self.network.values().flat_map(|interface| &interface.addresses);
        let mut global: Vec<IpAddr> =
            all.filter(|found| found.scope == "global").filter_map(|found| found.address.parse().ok()).collect();
        global.sort();
        global.dedup();
        global
    }
}
