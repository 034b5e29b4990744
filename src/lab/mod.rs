//! The lab: project, pool, network, ACL and profiles, and the guests in it.

mod attempt;
pub mod audit;
mod bake;
mod bring;
mod cleanup;
mod create;
mod desired;
mod digests;
mod egress;
mod error;
mod follow;
mod guests;
mod help;
mod in_order;
mod init;
pub mod inside;
mod launch;
mod lock;
mod plan;
mod prepare;
mod prepared;
mod prove;
mod push;
mod receipt;
mod resolver;
mod standby;
mod timings;
mod totals;
mod user_data;
mod wipe;

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::incus::{Client, Object, Project, ProjectName};
use crate::profile::{Layer, Library, Size};

pub use crate::lab_file::{InvalidSubnet, LabFile, LabFileError, Network, Pool, PoolDriver, Settings, Subnet, Totals};
pub use crate::mark::Mark;
pub use attempt::LaunchOptions;
pub use audit::audit;
pub use bake::{BakeOptions, bake};
pub use cleanup::remove_guest;
pub use digests::Digests;
pub use egress::{Opened, Summary};
pub use error::Error;
pub use guests::{Guest, Readiness, guest, guests, running_guest};
pub use init::{InitMode, init, plan_init, refresh_names};
pub use launch::{Launched, launch};
pub use lock::{AtRest, Holder, LabLock, LockError, Work};
pub use plan::{Change, Held, Plan, Step};
pub use prepare::{LaunchRequest, Settled, Source, settle};
pub use prepared::Prepared;
pub use prove::{LeftOut, Proof, Provable, ProveOptions, Prover, provable};
pub use receipt::{Identity, ProbeRecord, Receipt, StageRecord};
pub use resolver::ResolverError;
pub use standby::{
    ClaimMode, Claims, Failures, MOST as MOST_STANDBY, Removed, Standby, StandbyError, StandbyTurn, Standing, Tidied,
    claim, tidy,
};
pub use timings::{MOST_PHASES, Phase, RequestKind, Timings};
pub use wipe::{
    CutBy, Evidence, Fate, Kind as WipeKind, Level, Quarantined, Reason, Residue, Revocation, Spare, WipePlan,
    WipeScope, WipeStep, evidence, incus_dir, quarantine, residue, revocations, wipe,
};

/// The result of something done to a lab.
pub type Result<T> = std::result::Result<T, Error>;

/// API extensions of Incus that podclaw can't do without.
pub const NEEDED: [&str; 7] = [
    "projects",
    "projects_restrictions",
    "projects_networks_restricted_access",
    "network_acl",
    "network_bridge_acl",
    "instance_all_projects",
    "container_syscall_intercept",
];

/// A lab on a daemon. It need not exist there yet.
#[derive(Debug, Clone)]
pub struct Lab {
    /// The daemon.
    pub client: Client,
    /// What is set about the lab.
    pub settings: Settings,
    /// The project that all its guests, profiles and images are in.
    pub project: ProjectName,
    /// Whose turn it is to make a guest: see [`create`].
    creating: Arc<Mutex<()>>,
}

impl Lab {
    /// The lab of these settings, on a daemon that can hold one.
    pub fn new(client: Client, settings: Settings) -> Result<Self> {
        client.require(&NEEDED)?;
        let project = ProjectName::from(&settings.name);
        Ok(Self { client, settings, project, creating: Arc::default() })
    }

    /// The same lab, for a job whose requests are to be told apart from those of others, and which is told by the daemon
    /// how its operations go on.
    async fn recording(&self) -> Self {
        let client = self.client.recording();
        // Where the daemon does not tell, it is asked.
        let client = client.listening(&self.project).await.unwrap_or(client);
        Self { client, ..self.clone() }
    }

    /// The mark that all its objects carry.
    #[must_use]
    pub fn mark(&self) -> Mark<'_> {
        Mark::of(&self.settings.name)
    }

    /// Fails unless the lab's project is there and podclaw's. Without this check, Incus would answer questions about a
    /// project that does not exist with an empty list.
    pub async fn must_exist(&self) -> Result<()> {
        self.existing().await.map(drop)
    }

    /// The same, and what the project is.
    async fn existing(&self) -> Result<Project> {
        match self.client.get::<Project>(&Object::project(&self.project)).await? {
            None => Err(Error::NoLab { lab: self.settings.name.clone() }),
            Some(project) if self.mark().is_on(&project.config) => Ok(project),
            Some(_) => Err(Error::Foreign { object: format!("project {}", self.project) }),
        }
    }

    /// The profiles that the lab's settings name a source for, adapted to the lab.
    pub fn library(&self) -> Result<Library> {
        self.settings.library()
    }
}

impl Settings {
    /// The profiles that the settings name a source for, adapted to the lab.
    pub fn library(&self) -> Result<Library> {
        let library = match &self.data {
            None => Library::built_in()?,
            Some(directory) => Library::from_directory(&directory.join("profiles"))?,
        };
        Ok(library.for_lab(&self.name, &self.limits))
    }

    /// How much memory a guest of the lab's own profiles may take, in bytes; nothing where that is no fixed amount.
    #[must_use]
    pub fn guest_memory(&self) -> Option<u64> {
        let library = self.library().ok()?;
        let stack = library.stack(self.profiles.iter().map(String::as_str)).ok()?;
        let merged = stack.effective(&Layer::default());
        merged.config.get("limits.memory")?.value.parse::<Size>().ok().map(|size| size.bytes())
    }
}
