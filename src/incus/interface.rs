//! The addresses of the host's network interfaces, which Incus lists beside its own networks.

use ipnet::Ipv4Net;
use serde::Deserialize;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::location::Object;

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

impl Client {
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
