//! What the daemon says of a guest.

use crate::place::Origin;
use crate::profile::Layer;

/// How far a guest's launch is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Launch {
    /// It is being launched.
    Running,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// The guest does not say.
    #[default]
    Unknown,
}

/// An instance.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the daemon says each by itself")]
pub struct Guest {
    /// Its name.
    pub name: String,
    /// What somebody wrote that it is for.
    pub description: String,
    /// Whether it has the lab's mark.
    pub is_marked: bool,
    /// Whether it is a virtual machine.
    pub is_machine: bool,
    /// Whether it is deleted when it stops.
    pub is_ephemeral: bool,
    /// Whether it runs, or could go on at once.
    pub is_up: bool,
    /// How far its launch is.
    pub launch: Launch,
    /// The number of its launch, which no other guest has.
    pub launch_id: Option<String>,
    /// What is set on itself.
    pub own: Layer,
    /// What it is made of with its profiles.
    pub expanded: Layer,
    /// Its snapshots.
    pub snapshots: Vec<String>,
    /// Its backups.
    pub backups: Vec<String>,
    /// What its receipt says.
    pub receipt: ReceiptFacts,
}

/// What a guest's receipt says.
#[derive(Debug, Clone, Default)]
pub enum ReceiptFacts {
    /// There is none.
    #[default]
    Missing,
    /// There is one that nobody can read.
    Unreadable,
    /// There is one.
    Read {
        /// What of the guest is not as it says.
        mismatches: Vec<Mismatch>,
        /// What of the lab is not as it was then. That need not be wrong.
        changes: Vec<Mismatch>,
        /// Whether it is of a podclaw that wrote down no digests.
        is_old: bool,
        /// Whether it is of a podclaw that did not write down which guest it is of.
        is_anybodys: bool,
        /// The base image that it was made of.
        base: String,
        /// The gateway image that it was made of.
        gateway: String,
        /// What it says of the probes.
        proof: Proof,
    },
}

/// What a receipt says of the probes, as far as that is not "contained".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// The probes that were not contained.
    pub escapes: Vec<String>,
    /// The probes that could not tell.
    pub unknown: Vec<String>,
    /// The probes of which it says nothing, and which each launch runs.
    pub missing: Vec<String>,
    /// Whether it says nothing of any probe.
    pub is_empty: bool,
}

/// Something of a guest that is not as its receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What.
    pub subject: &'static str,
    /// How, as a fragment: `its user-data is not what it was launched with`.
    pub message: String,
}

impl Guest {
    /// What findings call it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let kind = if self.is_marked { "guest" } else { "instance" };
        Origin::named(format!("{kind} {}", self.name))
    }
}
