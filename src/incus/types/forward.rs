//! Ways into a network, and from one network into another.

use serde::Deserialize;

use super::{Config, null_is_empty};

/// An address of which a network passes on what comes to it to its guests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Forward {
    /// The address.
    pub listen_address: String,
    /// Its configuration; `target_address` is where everything goes that no port is for.
    #[serde(deserialize_with = "null_is_empty")]
    pub config: Config,
    /// Its ports.
    #[serde(deserialize_with = "null_is_empty")]
    pub ports: Vec<ForwardPort>,
}

/// Where what comes to some ports goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ForwardPort {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Ports and ranges of them, separated by commas.
    pub listen_port: String,
    /// The guest's address; a load balancer has its targets elsewhere.
    pub target_address: String,
    /// The guest's ports; empty where they are the same.
    pub target_port: String,
}

/// A link to another network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// The project of the other network.
    #[serde(deserialize_with = "null_is_empty")]
    pub target_project: String,
    /// The other network.
    #[serde(deserialize_with = "null_is_empty")]
    pub target_network: String,
}
