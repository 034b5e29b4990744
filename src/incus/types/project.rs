//! Projects and profiles.

use serde::{Deserialize, Serialize};

use super::{Config, Devices, null_is_empty};

/// A project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name; not sent, because the [`super::super::Object`] of the request has it.
    #[serde(skip_serializing, default)]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its configuration.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub config: Config,
    /// The objects in it, as API paths.
    #[serde(skip_serializing, default, deserialize_with = "null_is_empty")]
    pub used_by: Vec<String>,
}

/// A profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name; not sent.
    #[serde(skip_serializing, default)]
    pub name: String,
    /// Its project, where profiles of several are listed; not sent.
    #[serde(skip_serializing, default)]
    pub project: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The configuration that it gives instances.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub config: Config,
    /// The devices that it gives instances.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub devices: Devices,
    /// The instances that use it, as API paths.
    #[serde(skip_serializing, default, deserialize_with = "null_is_empty")]
    pub used_by: Vec<String>,
}
