//! What a wipe would do, object by object.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::foreign::User;
use super::scope::Spare;
use crate::incus::Object;
use crate::text;

/// How many names a reason has.
const MOST: usize = 8;

/// What a wipe would do, object by object, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WipePlan {
    /// One step an object.
    pub steps: Vec<WipeStep>,
    /// The host's ends of the interfaces of the guests that are deleted.
    #[serde(skip)]
    pub(super) interfaces: BTreeSet<String>,
    /// Whether something uses what the lab has that was made after the guests were listed.
    #[serde(skip)]
    pub(super) is_outdated: bool,
    /// What could not be learned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WipeStep {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What happens to it.
    pub fate: Fate,
    /// How much it takes on disk, in bytes, where the daemon says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it was made, where the daemon says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    #[serde(skip)]
    pub(super) target: Target,
    /// How the daemon names it where it says what uses what; kept, as it is compared with each user of each object.
    #[serde(skip)]
    pub(super) user: Option<User>,
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A guest.
    Guest,
    /// A snapshot of a guest or of a volume.
    Snapshot,
    /// A backup of a guest.
    Backup,
    /// A profile.
    Profile,
    /// A custom volume.
    Volume,
    /// A bucket.
    Bucket,
    /// An image.
    Image,
    /// The project.
    Project,
    /// The network.
    Network,
    /// The table in the host's firewall.
    FirewallTable,
    /// The network's ACL.
    Acl,
    /// The storage pool.
    Pool,
    /// Something of somebody else that is none of these.
    Other,
}

/// What a step deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// An object of Incus.
    Object(Object),
    /// Nothing of its own: it goes with the step before that has something.
    Along,
    /// The table in the host's firewall, which is nobody's but the lab's.
    Fence,
    /// Nothing, as it is somebody else's.
    Nothing,
}

/// What happens to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is deleted.
    Delete,
    /// It stays, for this reason.
    Keep(Reason),
}

/// Why an object stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is not the lab's.
    Foreign,
    /// It is the lab's, and to be spared.
    Spared(Spare),
    /// It holds what is to be spared, and nothing else that stays.
    HoldsSpared(Spare),
    /// It holds what stays.
    Holds(Vec<String>),
    /// Something that stays uses it.
    UsedBy(Vec<String>),
    /// It keeps in what stays.
    KeepsIn,
    /// Whether it is there can't be seen.
    Unseen(&'static str),
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Snapshot => "snapshot",
            Self::Backup => "backup",
            Self::Profile => "profile",
            Self::Volume => "custom volume",
            Self::Bucket => "bucket",
            Self::Image => "image",
            Self::Project => "project",
            Self::Network => "network",
            Self::FirewallTable => "firewall table",
            Self::Acl => "network ACL",
            Self::Pool => "storage pool",
            Self::Other => "other",
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it does not carry this lab's mark"),
            Self::Spared(what) => write!(f, "--keep {}", what.as_str()),
            Self::HoldsSpared(what) => write!(f, "it holds what --keep {} spares", what.as_str()),
            Self::Holds(all) => write!(f, "it holds {}", some(all)),
            Self::UsedBy(all) => write!(f, "it is used by {}", some(all)),
            Self::KeepsIn => f.write_str("it keeps in what stays"),
            Self::Unseen(why) => f.write_str(why),
        }
    }
}

fn some(all: &[String]) -> String {
    let mut shown: Vec<String> = all.iter().take(MOST).map(|name| text::excerpt(name, 96)).collect();
    if all.len() > MOST {
        shown.push(format!("{} more", all.len() - MOST));
    }
    shown.join(", ")
}

impl WipePlan {
    /// Whether there is nothing of the lab, and nothing in its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What is deleted.
    pub fn doomed(&self) -> impl Iterator<Item = &WipeStep> {
        self.steps.iter().filter(|step| step.fate == Fate::Delete)
    }

    /// What must not be there after a wipe: what should have gone, and what is in its way.
    #[must_use]
    pub fn left(mut self) -> Self {
        self.steps.retain(|step| match &step.fate {
            Fate::Delete => true,
            Fate::Keep(reason) => !matches!(reason, Reason::Spared(_) | Reason::HoldsSpared(_)),
        });
        self
    }

    pub(super) fn add(&mut self, kind: Kind, name: impl Into<String>, fate: Fate, target: Target) -> &mut WipeStep {
        let at = self.steps.len();
        let user = match &target {
            Target::Object(object) => User::of(object),
            _ => None,
        };
        self.steps.push(WipeStep { kind, name: name.into(), fate, bytes: None, created: None, target, user });
        &mut self.steps[at]
    }

    /// The same for an object of Incus, which goes if it is the lab's.
    pub(super) fn judge(&mut self, kind: Kind, name: &str, is_ours: bool, object: Object) -> &mut WipeStep {
        let fate = if is_ours { Fate::Delete } else { Fate::Keep(Reason::Foreign) };
        self.add(kind, name, fate, Target::Object(object))
    }
}

impl WipeStep {
    /// Its kind and name, to be shown.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.kind.as_str(), text::excerpt(&self.name, 96))
    }

    pub(super) fn sized(&mut self, bytes: Option<u64>) -> &mut Self {
        self.bytes = bytes.filter(|bytes| *bytes > 0);
        self
    }

    pub(super) fn made(&mut self, at: &str) -> &mut Self {
        // The daemon says the year 1 where it does not know.
        self.created = at.parse().ok().filter(|at: &Timestamp| at.as_second() > 0);
        self
    }
}
