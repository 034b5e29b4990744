//! How far a wipe goes.

use std::collections::BTreeSet;

use serde::Serialize;

/// What is deleted. Each level has all of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The guests, with their snapshots and backups.
    Guests,
    /// The project with its profiles, images, volumes and buckets, the network, its ACL and its firewall table.
    Lab,
    /// The storage pool too, with the file or dataset that it is in.
    #[default]
    Pool,
}

/// What can be spared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Spare {
    /// The images, and so the project and the pool that hold them: the next `init` and `launch` need not bring them in again.
    Images,
    /// The daemon's logs of guests, with what their consoles said.
    Logs,
}

impl Spare {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Logs => "logs",
        }
    }
}

/// How far a wipe goes, and what it spares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WipeScope {
    /// What is deleted.
    pub level: Level,
    /// What of it is spared.
    pub keep: BTreeSet<Spare>,
}

impl WipeScope {
    pub(super) fn spares(&self, what: Spare) -> bool {
        self.keep.contains(&what)
    }
}
