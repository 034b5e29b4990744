//! Storage pools and custom volumes.

use serde::{Deserialize, Serialize};

use super::{Config, null_is_empty};

/// A storage pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoragePool {
    /// Its name; not sent.
    #[serde(skip_serializing, default)]
    pub name: String,
    /// Its driver, such as `btrfs`. Only sent when it is created.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub driver: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its configuration.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub config: Config,
    /// The objects in it, as API paths.
    #[serde(skip_serializing, default, deserialize_with = "null_is_empty")]
    pub used_by: Vec<String>,
    /// `Created`, `Pending`, `Unavailable` or `Errored`.
    #[serde(skip_serializing, default)]
    pub status: String,
}

/// How full a pool is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PoolResources {
    /// Bytes.
    pub space: Usage,
    /// Inodes; zeros where the filesystem has no fixed number of them.
    pub inodes: Usage,
}

/// How much of something there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// How much is taken.
    pub used: u64,
    /// How much there is altogether.
    pub total: u64,
}

/// A custom volume.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its name; not sent.
    #[serde(skip_serializing, default)]
    pub name: String,
    /// `custom`, `container`, `virtual-machine` or `image`; not sent, because the request's path has it.
    #[serde(rename = "type", skip_serializing, default)]
    pub kind: String,
    /// `filesystem` or `block`. Only sent when it is created.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_type: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its configuration.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub config: Config,
    /// The instances and profiles that use it, as API paths.
    #[serde(skip_serializing, default, deserialize_with = "null_is_empty")]
    pub used_by: Vec<String>,
    /// When it was made, RFC 3339.
    #[serde(skip_serializing, default)]
    pub created_at: String,
}

/// A bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its configuration.
    #[serde(deserialize_with = "null_is_empty")]
    pub config: Config,
}
