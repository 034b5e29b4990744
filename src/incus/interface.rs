//! The addresses of the host's network interfaces, which Incus lists beside its own networks.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::Deserialize;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::location::{Collection, Object, ProjectName};

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    addresses: Option<Vec<Address>>,
}

#[derive(Deserialize)]
struct Address {
    family: String,
    #[serde(rename = "address")]
    host: String,
    netmask: String,
}

#[derive(Deserialize)]
struct Lease {
    #[serde(default)]
    hwaddr: String,
    #[serde(default)]
    address: String,
}

impl Client {
    /// The IPv4 addresses that a managed network has given out to the guests of a project, each with the hardware address
    /// that it is for; none where there is no such network.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn leases(&self, project: &ProjectName, network: &str) -> Result<Vec<(String, Ipv4Addr)>> {
        let object = Collection::networks_of(project).object(network);
        let asked = Asked::new("read the leases of", &object);
        let found = self.read::<Option<Vec<Lease>>>(&asked, &object.request().below("leases")).await?;
        let leases = found.flatten().unwrap_or_default().into_iter();
        Ok(leases.filter_map(|lease| Some((lease.hwaddr, lease.address.parse().ok()?))).collect())
    }

    /// The names of the host's network interfaces and of the daemon's own networks, without the host's ends of guests'
    /// interfaces, of which there can be hundreds.
    ///
    /// The daemon's list with all details is no help: it leaves out what it does not know the kind of, such as a tunnel.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn interfaces(&self) -> Result<Vec<String>> {
        let all = Collection::networks();
        let asked = Asked::new("list", &all);
        let found = self.read::<Option<Vec<String>>>(&asked, &all.request()).await?.flatten().unwrap_or_default();
        let name = |path: &String| path.strip_prefix("/1.0/networks/").map(str::to_owned);
        found.iter().map(|path| name(path).ok_or_else(|| asked.malformed(&"it lists something else"))).collect()
    }

    /// The IPv4 addresses of an interface of the host, with their subnets; none where there is no such interface.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn interface_addresses(&self, interface: &str) -> Result<Vec<Ipv4Net>> {
        let object = Object::network(interface);
        let asked = Asked::new("read the addresses of", &object);
        let found = self.read::<State>(&asked, &object.request().below("state")).await?;
        let addresses = found.and_then(|state| state.addresses).unwrap_or_default();
        Ok(addresses.iter().filter(|address| address.family == "inet").filter_map(Address::net).collect())
    }
}

impl Address {
    fn net(&self) -> Option<Ipv4Net> {
        format!("{}/{}", self.host, self.netmask).parse().ok()
    }
}
