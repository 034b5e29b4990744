//! What is judged of a daemon. It is gathered by `lab::audit`, and made up by tests.

use ipnet::IpNet;

use crate::host::daemon_socket::Access;
use crate::incus::{
    Certificate, Config, Forward, Instance, Network, Peer, Profile, Project, Server, StoragePool, Token, Warning,
};

/// What is judged of a daemon, and of what others have in it. Nothing in it is to be trusted: whoever may use the daemon
/// chose the names.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// What it is.
    pub server: Server,
    /// Who built it.
    pub build: Build,
    /// As whom it knows podclaw: `unix` is whoever may use its socket, who sees everything.
    pub method: String,
    /// Its own configuration.
    pub config: Config,
    /// Whom it trusts.
    pub certificates: Vec<Certificate>,
    /// The tokens that wait for whoever has them.
    pub tokens: Vec<Token>,
    /// What it warns of, and warned of.
    pub warnings: Vec<Warning>,
    /// Who may use its socket, or why that was not seen.
    pub access: Result<Access, String>,
    /// All networks that it manages, and the interfaces of the host.
    pub networks: Vec<Network>,
    /// All its pools.
    pub pools: Vec<StoragePool>,
    /// All its projects.
    pub projects: Vec<Project>,
    /// The profiles of all projects.
    pub profiles: Vec<Profile>,
    /// The instances of all projects.
    pub instances: Vec<Instance>,
    /// What the lab's network passes on to its guests.
    pub forwards: Vec<Forward>,
    /// The same, to several guests in turn.
    pub load_balancers: Vec<Forward>,
    /// The networks that the lab's is linked to.
    pub peers: Vec<Peer>,
    /// The lab's addresses: those that it should have, and those that its network has.
    pub subnets: Vec<IpNet>,
}

/// Who built the daemon, and so whose word there is on what was mended in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Build {
    /// Nobody whose package is known: it is as Incus released it.
    Upstream,
    /// A distribution.
    Distribution {
        /// The package, with its version.
        package: String,
        /// What it says that it changed; empty where that could not be read.
        changes: String,
    },
    /// That could not be seen, for this reason.
    Unseen(String),
}
