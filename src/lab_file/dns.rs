//! What the lab's resolver answers, as the lab file says.

use std::net::SocketAddrV4;
use std::path::PathBuf;

use serde::Deserialize;

/// The lab's resolver.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dns {
    /// Files with names that are not to be resolved.
    pub block: Vec<PathBuf>,
    /// The resolver that is asked in place of the host's own; one on the host that encrypts what it sends on, say.
    pub upstream: Option<SocketAddrV4>,
}
