//! The addresses of the host.

use std::fs;
use std::net::IpAddr;

use ipnet::Ipv4Net;

use crate::host::addresses;
use crate::lab::{Error, Lab, Result};
use crate::probe::host::HostFacts;

impl Lab {
    /// The IPv4 addresses of the host with their subnets, each with its interface where the daemon knows it.
    ///
    /// The daemon hides interfaces whose name begins as those of guests do; so the kernel is asked, too.
    pub(in crate::lab) async fn host_addresses(&self) -> Result<Vec<(String, Ipv4Net)>> {
        let mut all = self.listed_addresses().await?;
        let facts = tokio::task::spawn_blocking(HostFacts::read).await.map_err(std::io::Error::other);
        let facts = facts.and_then(|facts| facts);
        let facts = facts.map_err(|source| Error::Unreadable { path: "/proc/net".into(), source })?;
        for address in facts.addresses {
            if let IpAddr::V4(four) = address
                && !all.iter().any(|(_, known)| known.addr() == four)
            {
                all.push(("?".into(), four.into()));
            }
        }
        Ok(all)
    }
    /// The addresses of the interfaces that the daemon lists. Where podclaw is on the same network, it need not be asked,
    /// which takes a request for each interface.
    async fn listed_addresses(&self) -> Result<Vec<(String, Ipv4Net)>> {
        if is_on_our_network(self.client.server().process)
            && let Ok(mut all) = addresses::addresses()
        {
            // What the daemon does not list is left out here, too: what comes of it must not depend on who was asked.
            all.retain(|(interface, _)| !interface.starts_with("veth"));
            return Ok(all);
        }
        let mut all = Vec::new();
        for interface in self.client.interfaces().await? {
            // An interface that went away meanwhile has none.
            let addresses = self.client.interface_addresses(&interface).await?;
            all.extend(addresses.into_iter().map(|address| (interface.clone(), address)));
        }
        Ok(all)
    }
}

/// Whether a process is the daemon's, and in our network namespace. Where it can't be seen, it is not: it may be another
/// user's, or have another number here.
fn is_on_our_network(daemon: u32) -> bool {
    let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    let name = fs::read_to_string(format!("/proc/{daemon}/comm")).unwrap_or_default();
    name.trim_end() == "incusd" && network("self").is_some_and(|own| network(&daemon.to_string()) == Some(own))
}
