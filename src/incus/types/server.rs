//! What the daemon says about itself.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use super::null_is_empty;
use crate::text;

/// Incus, or the project it was forked from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// Incus.
    Incus,
    /// LXD, which podclaw does not drive.
    Lxd,
}

/// A storage driver that the daemon can use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StorageDriver {
    /// Its name, such as `btrfs`.
    #[serde(rename = "Name", default)]
    pub name: String,
    /// The version of its tools.
    #[serde(rename = "Version", default)]
    pub version: String,
}

/// The daemon at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Incus or LXD.
    pub kind: ServerKind,
    /// Its version, such as `6.0.4`.
    pub version: String,
    /// The API extensions that it has.
    pub extensions: BTreeSet<String>,
    /// The firewall driver, `nftables` or `xtables`.
    pub firewall: String,
    /// The storage drivers that it can use.
    pub storage_drivers: Vec<StorageDriver>,
    /// The number of its process, as it counts them.
    pub process: u32,
}

impl Server {
    /// What stands there until the daemon was asked.
    pub(in crate::incus) fn unknown() -> Self {
        Environment::default().into_server(ServerKind::Incus, BTreeSet::new())
    }

    /// The extensions of `wanted` that the daemon does not have, in the order given.
    #[must_use]
    pub fn missing(&self, wanted: &[&str]) -> Vec<String> {
        wanted.iter().filter(|&&name| !self.extensions.contains(name)).map(|&name| name.to_owned()).collect()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ServerKind::Incus => "Incus",
            ServerKind::Lxd => "LXD",
        };
        write!(f, "{kind} {}", text::excerpt(&self.version, 32))
    }
}

/// The answer of `GET /1.0`.
#[derive(Debug, Deserialize)]
pub(in crate::incus) struct ServerAnswer {
    #[serde(default)]
    pub(in crate::incus) auth: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(in crate::incus) api_extensions: BTreeSet<String>,
    pub(in crate::incus) environment: Option<Environment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::incus) struct Environment {
    pub(in crate::incus) server: String,
    pub(in crate::incus) server_version: String,
    firewall: String,
    #[serde(deserialize_with = "null_is_empty")]
    storage_supported_drivers: Vec<StorageDriver>,
    server_pid: u32,
}

impl Environment {
    pub(in crate::incus) fn into_server(self, kind: ServerKind, extensions: BTreeSet<String>) -> Server {
        Server {
            kind,
            version: self.server_version,
            extensions,
            firewall: self.firewall,
            storage_drivers: self.storage_supported_drivers,
            process: self.server_pid,
        }
    }
}
