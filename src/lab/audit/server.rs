//! What is asked of the daemon about itself, and about others in it. Nothing is changed.

use std::path::Path;

use ipnet::IpNet;
use serde::de::DeserializeOwned;

use super::guests::UNREAD;
use crate::host::daemon_socket::{self, Access};
use crate::host::{Root, accounts, packages, programs};
use crate::incus::{Client, Collection, Details, Instance, Network, Refusal};
use crate::lab::{Lab, Result};
use crate::lint::Failure;
use crate::rules::server::{Build, ServerFacts};

/// What all of this takes besides what every command needs: without it, lists would be of one project only.
const NEEDED: [&str; 4] =
    ["networks_all_projects", "profiles_all_projects", "instance_all_projects", "operations_get_query_all_projects"];

/// What is to be judged of a daemon, and what of it can't be.
///
/// # Errors
/// Whatever keeps the daemon from answering: a list that is missing is not an empty one.
pub async fn facts(client: &Client, lab: &Lab) -> Result<(ServerFacts, Vec<Failure>)> {
    client.require(&NEEDED)?;
    let name = &lab.settings.name;
    let Details { config, method, .. } = client.details().await?;
    let certificates = client.list(&Collection::certificates()).await?;
    let tokens = client.tokens().await?;
    let warnings = client.list(&Collection::warnings()).await?;
    let pools = client.list(&Collection::pools()).await?;
    let networks: Vec<Network> = client.list(&Collection::networks_everywhere()).await?;
    let projects = client.list(&Collection::projects()).await?;
    let profiles = client.list(&Collection::profiles_everywhere()).await?;
    let instances: Vec<Instance> = client.list(&Collection::instances_everywhere()).await?;
    let mut unseen = unread(&instances, &name.project());
    let bridge = name.network();
    let is_own = |network: &&Network| network.name == bridge && matches!(network.project.as_str(), "" | "default");
    let own = networks.iter().find(is_own);
    let (mut forwards, mut load_balancers, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    if own.is_some() {
        let mut ways = Ways { client, bridge: &bridge, unseen: &mut unseen };
        forwards = ways.list("network_forward", &Collection::forwards(&bridge)).await;
        load_balancers = ways.list("network_load_balancer", &Collection::load_balancers(&bridge)).await;
        peers = ways.list("network_peer", &Collection::peers(&bridge)).await;
    }
    let subnets = subnets(own, lab);
    let socket = client.socket().to_owned();
    let seen = tokio::task::spawn_blocking(move || machine(&socket)).await;
    let (build, access) = seen.unwrap_or_else(|error| (Build::Unseen(error.to_string()), Err(error.to_string())));
    let server = client.server().clone();
    let facts = ServerFacts {
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
        projects,
        profiles,
        instances,
        forwards,
        load_balancers,
        peers,
        subnets,
    };
    Ok((facts, unseen))
}

/// The instances of other projects that the daemon can't read: nobody knows which devices they have. Those of the lab's own
/// project are told of by themselves.
fn unread(instances: &[Instance], own: &str) -> Vec<Failure> {
    let unread = instances.iter().filter(|instance| instance.project != own && instance.is_unread());
    let failure = |instance: &Instance| {
        let name = format!("instance {} of the project {}", instance.name, instance.project);
        Failure { name, reason: UNREAD.into() }
    };
    unread.map(failure).collect()
}

/// Lists of ways into a network.
struct Ways<'a> {
    client: &'a Client,
    bridge: &'a str,
    unseen: &'a mut Vec<Failure>,
}

impl Ways<'_> {
    /// A list of what not every daemon and not every type of network can have. There is none only where the daemon does not know
    /// such things, or says that they are not for this network; with any other answer nobody knows.
    async fn list<T: DeserializeOwned>(&mut self, extension: &str, collection: &Collection) -> Vec<T> {
        if !self.client.server().missing(&[extension]).is_empty() {
            return Vec::new();
        }
        match self.client.list(collection).await {
            Ok(all) => all,
            Err(error) if error.refusal() == Some(Refusal::Unsupported) => Vec::new(),
            Err(error) => {
                let name = format!("{collection} of network {}", self.bridge);
                self.unseen.push(Failure { name, reason: error.to_string() });
                Vec::new()
            }
        }
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::incus::fake::{Fake, Reply};

    #[test]
    fn what_the_daemon_cannot_read_of_others_is_not_passed() {
        let instance = |project: &str, devices: Value| -> Instance {
            let name = format!("of-{project}");
            let said = json!({ "name": name, "project": project, "expanded_config": { "a": "b" }, "expanded_devices": devices });
            serde_json::from_value(said).unwrap()
        };
        let root = json!({ "root": { "type": "disk" } });
        let all =
            [instance("lab", json!({})), instance("a", root), instance("b", json!({})), instance("c", Value::Null)];
        let names: Vec<_> = unread(&all, "lab").into_iter().map(|failure| failure.name).collect();
        assert_eq!(names, ["instance of-b of the project b", "instance of-c of the project c"]);
    }

    /// How many ways there are, and why nobody knows where that is so. The fake has the extension `a`.
    async fn ways(extension: &str, answer: fn() -> Reply) -> (usize, Vec<Failure>) {
        let (_fake, client) = Fake::incus(move |_, _| answer()).await;
        let mut unseen = Vec::new();
        let mut ways = Ways { client: &client, bridge: "br0", unseen: &mut unseen };
        let count = ways.list::<Value>(extension, &Collection::forwards("br0")).await.len();
        (count, unseen)
    }

    #[tokio::test]
    async fn no_way_in_is_only_where_there_can_be_none() {
        let refused = || Reply::error(400, 400, "Network driver \"bridge\" does not support load balancers");
        assert_eq!(ways("a", refused).await, (0, Vec::new()));
        assert_eq!(ways("a", || Reply::sync(json!([{}, {}]))).await, (2, Vec::new()));
        // A daemon that does not know such things is not asked.
        assert_eq!(ways("c", || Reply::error(500, 500, "it was asked")).await, (0, Vec::new()));
        let others: [fn() -> Reply; 4] = [
            || Reply::error(400, 400, "Invalid project"),
            || Reply::error(404, 404, "Network not found"),
            || Reply::error(403, 403, "not authorized"),
            || Reply::error(500, 500, "Network driver \"bridge\" does not support load balancers"),
        ];
        for other in others {
            let (count, unseen) = ways("a", other).await;
            let names: Vec<_> = unseen.iter().map(|failure| failure.name.as_str()).collect();
            assert_eq!((count, names), (0, vec!["the forwards of network br0"]), "{unseen:?}");
        }
    }
}
