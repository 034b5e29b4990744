//! What is open on this host: the allowances of the lab file with their addresses, less what is never open.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{Book, Closed};
use crate::lab::{Error, Result};
use crate::lab_file::{Destination, EgressMode, Network, Ports, Transport};
use crate::probe::{Reach, Way};
use crate::ranges;

/// What guests may reach on this host, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lab) struct Policy {
    /// What is open to all guests.
    pub(super) mode: EgressMode,
    /// What is open besides.
    pub(super) openings: Vec<Opening>,
    /// What is closed, but for the openings.
    pub(super) closed: Closed,
}

/// An allowance with its addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    /// As the lab file has it.
    pub(super) written: Destination,
    /// The addresses. A name that nobody answers has none.
    pub(super) to: Vec<Ipv4Net>,
    pub(super) protocol: Transport,
    pub(super) ports: Vec<Ports>,
}

impl Policy {
    /// `host` are the host's own addresses, with their subnets.
    ///
    /// # Errors
    /// Where an allowance leads nowhere but to what is never open.
    pub(in crate::lab) fn new(network: &Network, host: &[Ipv4Net], book: &Book) -> Result<Self> {
        let closed = Closed::on(network, host);
        let mut openings = Vec::new();
        for allowance in &network.egress.allow {
            let to = match &allowance.to {
                Destination::Net(net) => {
                    let to = ranges::without(&[*net], &closed.never);
                    if to.is_empty() {
                        return Err(Error::Unallowable { to: net.to_string() });
                    }
                    to
                }
                // A book that somebody changed opens no more than an answer may.
                Destination::Name(name) => {
                    let public = book.addresses(name).filter(|address| is_public(*address, host));
                    public.map(Ipv4Net::from).collect()
                }
            };
            let (protocol, ports) = (allowance.protocol, allowance.ports.clone());
            openings.push(Opening { written: allowance.to.clone(), to, protocol, ports });
        }
        // Incus refuses a rule that is there twice.
        openings.sort();
        openings.dedup();
        Ok(Self { mode: network.egress.mode, openings, closed })
    }

    /// The networks that are open although they may not be public: those of allowances by address.
    pub(super) fn opened(&self) -> Vec<Ipv4Net> {
        let by_address = self.openings.iter().filter(|opening| matches!(opening.written, Destination::Net(_)));
        by_address.flat_map(|opening| opening.to.iter().copied()).collect()
    }

    /// The networks in which a port of resolvers is open, because an allowance names that very port.
    pub(super) fn opened_at(&self, protocol: Transport, port: u16) -> Vec<Ipv4Net> {
        let names_it =
            |opening: &&Opening| opening.protocol == protocol && opening.ports.iter().any(|ports| ports.is(port));
        self.openings.iter().filter(names_it).flat_map(|opening| opening.to.iter().copied()).collect()
    }

    /// The same, as probes need it.
    pub(super) fn reach(&self) -> Reach {
        let ways = self.openings.iter().flat_map(|opening| {
            let ports = opening.ports.iter().map(|ports| (ports.first, ports.last)).collect::<Vec<_>>();
            let udp = opening.protocol == Transport::Udp;
            opening.to.iter().map(move |net| Way { net: *net, udp, ports: ports.clone() })
        });
        Reach { public: self.mode == EgressMode::Open, ways: ways.collect() }
    }
}

/// Whether an address is of the public internet, and of no network that the host itself is in.
pub(super) fn is_public(address: Ipv4Addr, host: &[Ipv4Net]) -> bool {
    ranges::not_public(address.into()).is_none() && !host.iter().any(|net| net.contains(&address))
}
