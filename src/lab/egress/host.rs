//! The addresses of the host.

use std::net::IpAddr;

use ipnet::Ipv4Net;

use crate::lab::{Error, Lab, Result};
use crate::probe::host::HostFacts;

impl Lab {
    /// The IPv4 addresses of the host with their subnets, each with its interface where the daemon knows it.
    ///
    /// The daemon hides interfaces whose name begins as those of guests do; so the kernel is asked, too.
    pub(in crate::lab) async fn host_addresses(&self) -> Result<Vec<(String, Ipv4Net)>> {
        let mut all = Vec::new();
        for interface in self.client.interfaces().await? {
            // An interface that went away meanwhile has none.
            let addresses = self.client.interface_addresses(&interface).await?;
            all.extend(addresses.into_iter().map(|address| (interface.clone(), address)));
        }
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
}
