//! What the daemon says of a lab, in plain words: nothing here knows how it was asked.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::Guest;
use crate::lab_file::{Allowance, EgressMode};
use crate::names::LabName;
use crate::place::Origin;
use crate::profile::{Difference, Layer};

/// A lab as it is on a daemon, and what it has to be like.
#[derive(Debug, Clone)]
pub struct LiveFacts {
    /// The lab.
    pub lab: LabName,
    /// How its objects differ from what its file makes of them.
    pub drift: Vec<Drift>,
    /// What guests may reach.
    pub reach: Reach,
    /// Its bridge; `None` where there is none.
    pub network: Option<Network>,
    /// What gets past the daemon's rules in the kernel that must not.
    pub kernel: Vec<String>,
    /// The ACLs that the bridge names.
    pub acls: Vec<Acl>,
    /// Its pool; `None` where there is none.
    pub pool: Option<Pool>,
    /// The profiles of its project.
    pub profiles: Vec<ProfileFacts>,
    /// The images of its project.
    pub images: Vec<Image>,
    /// What `podclaw.lock` and the lab file pin.
    pub pinned: Pinned,
    /// The instances of its project that are to be judged.
    pub guests: Vec<Guest>,
    /// Words that somebody left on its objects. Nothing is judged of them but whether there is a secret in them.
    pub words: Vec<Words>,
    /// The other instances of its project, which are judged as far as they touch those.
    pub others: Vec<Guest>,
}

impl LiveFacts {
    /// All instances of its project, each with whether it is to be judged.
    pub(super) fn everyone(&self) -> impl Iterator<Item = (&Guest, bool)> {
        let asked = self.guests.iter().map(|guest| (guest, true));
        asked.chain(self.others.iter().map(|guest| (guest, false)))
    }
}

/// How one object differs from what the lab's file makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its kind and name: `network podclawbr0`.
    pub object: String,
    /// What is with it.
    pub state: DriftState,
}

/// What is with an object that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriftState {
    /// There is none.
    Missing,
    /// There is one, and it is somebody else's.
    Foreign,
    /// Some of it is different.
    Differs(Vec<Difference>),
    /// This is different, and can't be changed while the object is there.
    Fixed(Difference),
}

/// What guests may reach, as the lab file says.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The bridge's own address, and its subnet.
    pub bridge: Ipv4Net,
    /// What is open besides the allowances.
    pub mode: EgressMode,
    /// What is open in each mode but the sealed one.
    pub allow: Vec<Allowance>,
    /// What is not the public internet, or is the host's own, each with what it is: only an allowance by address opens it.
    pub closed: Vec<(Ipv4Net, String)>,
    /// What of that no allowance opens.
    pub never: Vec<Ipv4Net>,
}

/// What an object says in words, and in settings that no rule of its own looks at.
#[derive(Debug, Clone)]
pub struct Words {
    /// The object.
    pub of: Origin,
    /// Its description.
    pub description: String,
    /// Its config, or its properties.
    pub config: BTreeMap<String, String>,
}

/// A bridge.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its kind, such as `bridge`.
    pub kind: String,
    /// Its config.
    pub config: BTreeMap<String, String>,
}

/// An ACL.
#[derive(Debug, Clone, Default)]
pub struct Acl {
    /// Its name.
    pub name: String,
    /// The rules for what guests send.
    pub egress: Vec<AclRule>,
    /// The rules for what guests get.
    pub ingress: Vec<AclRule>,
}

/// A rule of an ACL, in Incus' words. An empty field means any.
#[derive(Debug, Clone, Default)]
pub struct AclRule {
    /// `allow`, `reject`, `drop`.
    pub action: String,
    /// `enabled`, `disabled`, `logged`.
    pub state: String,
    /// From where.
    pub source: String,
    /// Where to.
    pub destination: String,
    /// By which protocol.
    pub protocol: String,
    /// From which ports.
    pub source_port: String,
    /// To which ports.
    pub destination_port: String,
    /// Whether only some kinds of ICMP are meant.
    pub is_some_icmp: bool,
}

/// A storage pool.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: String,
    /// What the daemon says of it.
    pub status: String,
    /// What is in it.
    pub used_by: Vec<Used>,
}

/// Something that is in a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Used {
    /// What it is: `instances`, `images`, `profiles`, or the path as a whole where podclaw does not know it.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The project that it is in.
    pub project: String,
}

/// A profile.
#[derive(Debug, Clone, Default)]
pub struct ProfileFacts {
    /// The daemon's name of it.
    pub name: String,
    /// Whether it has the lab's mark.
    pub is_marked: bool,
    /// Whether the lab has a file of it.
    pub is_known: bool,
    /// Its config, without the mark, and its devices.
    pub layer: Layer,
}

/// An image.
#[expect(clippy::struct_excessive_bools, reason = "each is something that is seen of it by itself")]
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whether it has the lab's mark.
    pub is_marked: bool,
    /// Of a baked image, the base image's fingerprint and the gateway image's digest or reference.
    pub baked_of: Option<(String, String)>,
    /// Whether the project names it as the one that podclaw baked.
    pub is_named: bool,
    /// Whether strangers may fetch it.
    pub is_public: bool,
    /// Whether the daemon renews it by itself.
    pub is_renewed: bool,
}

/// What is pinned.
#[derive(Debug, Clone, Default)]
pub struct Pinned {
    /// The fingerprint of the base image.
    pub base: Option<String>,
    /// The digest or reference of the gateway image.
    pub gateway: Option<String>,
}

impl Network {
    /// What findings call it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::named(format!("network {}", self.name))
    }
}

impl Pool {
    /// What findings call it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::named(format!("storage pool {}", self.name))
    }
}

impl ProfileFacts {
    /// What findings call it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::named(format!("profile {}", self.name))
    }
}

impl Image {
    /// What findings call it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::named(format!("image {}", short(&self.fingerprint)))
    }
}

/// A digest as people compare it.
pub(crate) fn short(digest: &str) -> String {
    let hex = digest.rsplit_once("sha256:").map_or(digest, |(_, hex)| hex);
    hex.chars().take(12).collect()
}
