//! Packets, as far as an ACL tells them apart, and what the lab file says of them.

use std::net::Ipv4Addr;

use crate::lab_file::{Allowance, Destination, EgressMode, Transport};
use crate::rules::live::Reach;

/// A packet that a guest sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    /// Where to.
    pub(super) to: Ipv4Addr,
    /// What it is.
    pub(super) traffic: Traffic,
}

/// A protocol, with its port where it has ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Traffic {
    /// TCP to a port.
    Tcp(u16),
    /// UDP to a port.
    Udp(u16),
    /// ICMP.
    Icmp,
    /// Anything else.
    Other,
}

/// A part of the internet that must be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Area {
    /// What findings call it.
    pub(super) subject: String,
    /// What it is, for people.
    pub(super) what: String,
}

/// Ports at which resolvers other than the lab's would be asked.
pub(super) const RESOLVERS: [u16; 2] = [53, 853];

/// The area that a packet goes to against the lab file; `None` where it may go there.
pub(super) fn forbidden(packet: Packet, reach: &Reach) -> Option<Area> {
    let is_for_lab =
        packet.to == reach.bridge.addr() && matches!(packet.traffic, Traffic::Udp(53 | 67) | Traffic::Tcp(53));
    if is_for_lab || is_allowed_by_address(packet, reach) {
        return None;
    }
    let area = |subject: String, what: String| Some(Area { subject, what });
    if let Some((net, what)) = reach.closed.iter().find(|(net, _)| net.contains(&packet.to)) {
        return area(net.to_string(), format!("{net} ({what})"));
    }
    if is_allowed_by_name(packet, reach) {
        return None;
    }
    let (port, protocol) = match packet.traffic {
        Traffic::Tcp(port) => (port, "TCP"),
        Traffic::Udp(port) => (port, "UDP"),
        Traffic::Icmp | Traffic::Other => (0, ""),
    };
    if RESOLVERS.contains(&port) {
        return area(
            format!("resolvers.{protocol}.{port}"),
            format!("resolvers other than the lab's, by {protocol} {port}"),
        );
    }
    match reach.mode {
        EgressMode::Open => None,
        EgressMode::Allowlist => area("public".into(), "public addresses that the lab file does not name".into()),
        EgressMode::Sealed => area("public".into(), "public addresses, and the lab is sealed".into()),
    }
}

/// Whether the lab file opens this by a network or an address.
fn is_allowed_by_address(packet: Packet, reach: &Reach) -> bool {
    let leads = |to: &Destination| matches!(to, Destination::Net(net) if net.contains(&packet.to));
    reach.mode != EgressMode::Sealed
        && !reach.never.iter().any(|net| net.contains(&packet.to))
        && reach.allow.iter().any(|allowance| leads(&allowance.to) && fits(packet, allowance))
}

/// Whether the lab file opens this for some name. Which addresses a name had when the ACL was made is not known here.
fn is_allowed_by_name(packet: Packet, reach: &Reach) -> bool {
    let is_name = |allowance: &&Allowance| matches!(allowance.to, Destination::Name(_));
    reach.mode != EgressMode::Sealed && reach.allow.iter().filter(is_name).any(|allowance| fits(packet, allowance))
}

fn fits(packet: Packet, allowance: &Allowance) -> bool {
    match (packet.traffic, allowance.protocol) {
        (Traffic::Tcp(port), Transport::Tcp) | (Traffic::Udp(port), Transport::Udp) => {
            // A port of resolvers is open only where it is named by itself.
            let is_meant = |first: u16, last: u16| !RESOLVERS.contains(&port) || first == last;
            allowance
                .ports
                .iter()
                .any(|ports| (ports.first..=ports.last).contains(&port) && is_meant(ports.first, ports.last))
        }
        _ => false,
    }
}
