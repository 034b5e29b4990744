//! Networks and their ACLs.

use serde::{Deserialize, Serialize};

use super::{Config, null_is_empty};

/// A network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its name; not sent.
    #[serde(skip_serializing, default)]
    pub name: String,
    /// Its project, where networks of several are listed; not sent.
    #[serde(skip_serializing, default)]
    pub project: String,
    /// Its type, such as `bridge`. Only sent when it is created.
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its configuration.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub config: Config,
    /// Whether Incus made it; the host's other interfaces are listed too.
    #[serde(skip_serializing, default)]
    pub managed: bool,
    /// The objects that use it, as API paths.
    #[serde(skip_serializing, default, deserialize_with = "null_is_empty")]
    pub used_by: Vec<String>,
    /// `Created`, `Pending` or `Errored`.
    #[serde(skip_serializing, default)]
    pub status: String,
}

/// A network ACL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// Its name; not sent.
    #[serde(skip_serializing, default)]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its configuration: `user.*` keys only.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub config: Config,
    /// The rules for traffic from the instances.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub egress: Vec<AclRule>,
    /// The rules for traffic to the instances.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub ingress: Vec<AclRule>,
    /// The objects that use it, as API paths.
    #[serde(skip_serializing, default, deserialize_with = "null_is_empty")]
    pub used_by: Vec<String>,
}

/// A rule of an ACL. An empty field means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AclRule {
    /// `allow`, `reject` or `drop`.
    pub action: String,
    /// `enabled`, `disabled` or `logged`.
    pub state: String,
    /// What it is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Addresses, ranges of them or CIDRs, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The same.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination: String,
    /// `tcp`, `udp`, `icmp4` or `icmp6`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// Ports and ranges of them, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_port: String,
    /// The same.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub destination_port: String,
    /// The type of an ICMP message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icmp_type: String,
    /// The code of an ICMP message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icmp_code: String,
}
