//! The parts of the API's objects that podclaw reads and writes. Fields that it does not know are ignored.

mod forward;
mod image;
mod instance;
mod network;
mod operation;
mod project;
mod server;
mod state;
mod storage;
mod trust;
mod warning;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

pub use forward::{Forward, ForwardPort, Peer};
pub use image::{Image, ImageAlias};
pub use instance::{Backup, Instance, InstanceKind, InstanceWithState, NewInstance, Snapshot, Status};
pub use network::{Acl, AclRule, Network};
pub use operation::{Operation, OperationStatus};
pub use project::{Profile, Project};
pub(super) use server::ServerAnswer;
pub use server::{Server, ServerKind, StorageDriver};
pub use state::{CpuState, DiskState, InstanceState, MemoryState, NetworkAddress, NetworkState};
pub use storage::{Bucket, PoolResources, StoragePool, Usage, Volume};
pub use trust::{Certificate, Grant, Token};
pub use warning::Warning;

/// The keys and values of an object's `config`.
pub type Config = BTreeMap<String, String>;

/// The devices of an instance or profile, by name.
pub type Devices = BTreeMap<String, BTreeMap<String, String>>;

/// The daemon writes an empty list or map as `null` at times.
fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
