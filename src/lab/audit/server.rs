//! What is asked of the daemon about itself, and about others in it. Nothing is changed.

use std::path::Path;

use ipnet::IpNet;
use serde::de::DeserializeOwned;

use crate::host::daemon_socket::{self, Access};
use crate::host::{Root, accounts, packages, programs};
use crate::incus::{self, Client, Collection, Details, Error, Network, Refusal};
use crate::lab::{Lab, Result};
use crate::rules::server::{Build, ServerFacts};

/// What all of this takes besides what every command needs: without it, lists would be of one project only.
const NEEDED: [&str; 4] =
    ["networks_all_projects", "profiles_all_projects", "instance_all_projects", "operations_get_query_all_projects"];

/// What is to be judged of a daemon.
///
/// # Errors
/// Whatever keeps the daemon from answering: a list that is missing is not an empty one.
pub async fn facts(client: &Client, lab: &Lab) -> Result<ServerFacts> {
    client.require(&NEEDED)?;
    let name = &lab.settings.name;
    // One after the other: Incus 6.0.4 now and then answers none of several questions that come at once.
    let Details { config, method, .. } = client.details().await?;
    let certificates = client.list(&Collection::certificates()).await?;
    let tokens = client.tokens().await?;
    let warnings = client.list(&Collection::warnings()).await?;
    let pools = client.list(&Collection::pools()).await?;
    let networks: Vec<Network> = client.list(&Collection::networks_everywhere()).await?;
    let profiles = client.list(&Collection::profiles_everywhere()).await?;
    let instances = client.list(&Collection::instances_everywhere()).await?;
    let bridge = name.network();
    let is_own = |network: &&Network| network.name == bridge && matches!(network.project.as_str(), "" | "default");
    let own = networks.iter().find(is_own);
    let (mut forwards, mut load_balancers, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    if own.is_some() {
        forwards = list_if_known(client, &Collection::forwards(&bridge)).await?;
        load_balancers = list_if_known(client, &Collection::load_balancers(&bridge)).await?;
        peers = list_if_known(client, &Collection::peers(&bridge)).await?;
    }
    let subnets = subnets(own, lab);
    let socket = client.socket().to_owned();
    let seen = tokio::task::spawn_blocking(move || machine(&socket)).await;
    let (build, access) = seen.unwrap_or_else(|error| (Build::Unseen(error.to_string()), Err(error.to_string())));
    let server = client.server().clone();
    Ok(ServerFacts {
        server,
        build,
        method,
        config,
        certificates,
        tokens,
        warnings,
        access,
        networks,
        pools,
        profiles,
        instances,
        forwards,
        load_balancers,
        peers,
        subnets,
    })
}

/// A list of what not every type of network can have: a bridge has no load balancers and no peers, and says that the
/// question is wrong.
async fn list_if_known<T: DeserializeOwned>(client: &Client, collection: &Collection) -> incus::Result<Vec<T>> {
    match client.list(collection).await {
        Err(Error::Refused { kind: Refusal::Invalid, .. }) => Ok(Vec::new()),
        answer => answer,
    }
}

/// The addresses of the lab: those that are set, and those that its network has, which may be others.
fn subnets(network: Option<&Network>, lab: &Lab) -> Vec<IpNet> {
    let keys = ["ipv4.address", "ipv6.address"];
    let has = network.into_iter().flat_map(|it| keys.iter().filter_map(|key| it.config.get(*key)?.parse().ok()));
    let mut subnets: Vec<IpNet> = has.chain([IpNet::V4(lab.settings.network.subnet.net())]).collect();
    for subnet in &mut subnets {
        *subnet = subnet.trunc();
    }
    subnets.sort();
    subnets.dedup();
    subnets
}

/// What the machine's files say of the daemon.
fn machine(socket: &Path) -> (Build, std::result::Result<Access, String>) {
    let root = Root::machine();
    let build = match packages::incus(&root) {
        Ok(None) => Build::Upstream,
        Ok(Some(package)) => Build::Distribution {
            package: format!("{} {}", package.name, package.version),
            changes: programs::incus_changes(&root).unwrap_or_default(),
        },
        Err(why) => Build::Unseen(why.to_string()),
    };
    let access = accounts::groups(&root).and_then(|groups| daemon_socket::access(&root, socket, &groups));
    (build, access.map_err(|why| why.to_string()))
}
