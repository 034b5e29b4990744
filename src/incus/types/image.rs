//! Images and their aliases.

use serde::{Deserialize, Serialize};

use super::{Config, null_is_empty};

/// An image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    /// The SHA-256 of its files, in hexadecimal.
    #[serde(skip_serializing)]
    pub fingerprint: String,
    /// Its names.
    #[serde(skip_serializing, deserialize_with = "null_is_empty")]
    pub aliases: Vec<ImageAlias>,
    /// Its size as a tarball, in bytes.
    #[serde(skip_serializing)]
    pub size: u64,
    /// `container` or `virtual-machine`.
    #[serde(rename = "type", skip_serializing)]
    pub kind: String,
    /// Its architecture, such as `x86_64`.
    #[serde(skip_serializing)]
    pub architecture: String,
    /// When it was added, RFC 3339.
    #[serde(skip_serializing)]
    pub uploaded_at: String,
    /// What is said about it, such as `os` and `release`.
    #[serde(deserialize_with = "null_is_empty")]
    pub properties: Config,
    /// Whether strangers may fetch it.
    pub public: bool,
    /// Whether the daemon renews it by itself.
    pub auto_update: bool,
}

/// A name of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageAlias {
    /// The name.
    #[serde(skip_serializing)]
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The fingerprint of its image; empty where the alias is a part of its image.
    pub target: String,
}
