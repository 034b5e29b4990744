//! What the daemon says about itself, asked without changing anything.

use std::collections::BTreeSet;

use super::{NoDaemon, Wanted};
use crate::incus::{
    Certificate, Client, Collection, Details, Error, Network, PoolResources, Server, ServerKind, SocketError,
    StoragePool, Warning,
};

/// The daemon, as far as it answered. What it did not answer is an error in its place.
#[derive(Debug, Clone)]
pub struct Daemon {
    /// What it is.
    pub server: Server,
    /// Its configuration and process.
    pub details: Result<Details, String>,
    /// Whom it trusts.
    pub certificates: Result<Vec<Certificate>, String>,
    /// What it warns of.
    pub warnings: Result<Vec<Warning>, String>,
    /// Its pools.
    pub pools: Result<Vec<StoragePool>, String>,
    /// The lab's pool: how full it is.
    pub room: Result<Option<PoolResources>, String>,
    /// The names of the networks that it manages.
    pub networks: Result<BTreeSet<String>, String>,
}

/// Asks the daemon.
///
/// # Errors
/// That there is none, or one that podclaw can't drive.
pub async fn ask(client: Result<Client, Error>, wanted: &Wanted) -> Result<Daemon, NoDaemon> {
    let client = client.map_err(|error| NoDaemon::of(&error))?;
    if client.server().kind == ServerKind::Lxd {
        return Err(NoDaemon {
            why: format!("what answers is {}, which podclaw does not drive", client.server()),
            help: None,
            may_be_there: false,
        });
    }
    let details = client.details().await;
    let certificates = client.list(&Collection::certificates()).await;
    let warnings = client.list(&Collection::warnings()).await;
    let pools: crate::incus::Result<Vec<StoragePool>> = client.list(&Collection::pools()).await;
    let networks = client.list::<Network>(&Collection::networks()).await;
    let room = match &pools {
        Ok(pools) if pools.iter().any(|pool| pool.name == wanted.pool) => client.pool_resources(&wanted.pool).await,
        // Why there is no list is said where the list is.
        _ => Ok(None),
    };
    let names = |all: Vec<Network>| all.into_iter().filter(|it| it.managed).map(|it| it.name).collect();
    Ok(Daemon {
        server: client.server().clone(),
        details: details.map_err(said),
        certificates: certificates.map_err(said),
        warnings: warnings.map_err(said),
        pools: pools.map_err(said),
        room: room.map_err(said),
        networks: networks.map(names).map_err(said),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed over as a function")]
fn said(error: Error) -> String {
    error.to_string()
}

impl NoDaemon {
    /// What an error means for whether there is a daemon.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let none = matches!(
            error,
            Error::Socket(SocketError::NotFound { .. } | SocketError::NobodyListens { .. }) | Error::NotIncus { .. }
        );
        Self { why: error.to_string(), help: error.help(), may_be_there: !none }
    }
}
