//! What is shot at, and what it would mean if it got there.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::host::{HostFacts, Routes};
use super::plan::{Mac, NetworkPlan, Shot, ShotKind};
use super::reach::Reach;
use super::{NET_LAN, NET_METADATA, NET_RESERVED, NET_RESOLVERS, Probe};

/// Resolvers of the public internet.
pub(super) const PUBLIC_RESOLVERS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(1, 1, 1, 1), Ipv4Addr::new(8, 8, 8, 8), Ipv4Addr::new(9, 9, 9, 9)];
/// The address at which clouds tell a machine its secrets.
pub(super) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// The last address of each range that is not public.
const RESERVED: [Ipv4Addr; 6] = [
    Ipv4Addr::new(10, 255, 255, 254),
    Ipv4Addr::new(172, 31, 255, 254),
    Ipv4Addr::new(192, 168, 255, 254),
    Ipv4Addr::new(100, 127, 255, 254),
    Ipv4Addr::new(198, 19, 255, 254),
    Ipv4Addr::new(192, 0, 0, 254),
];
/// The hardware address that no card has: a local one.
pub(super) const OTHER_MAC: Mac = [0x02, 0x70, 0x63, 0x6c, 0x61, 0x77];

/// A guest on the lab's bridge, for another one to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    /// Its name.
    pub name: String,
    /// Its hardware address.
    pub mac: Mac,
    /// Its address.
    pub address: Ipv4Addr,
}

/// Where a guest is in the network, as the host and the daemon know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bridge's name.
    pub bridge: String,
    /// The bridge's own address.
    pub gateway: Ipv4Addr,
    /// The bridge's hardware address.
    pub bridge_mac: Mac,
    /// The guest's hardware address.
    pub mac: Mac,
    /// The guest's address.
    pub address: Ipv4Addr,
    /// Two addresses of the subnet that nobody has.
    pub unused: [Ipv4Addr; 2],
    /// An address that nobody has anywhere, and that only this proof asks for.
    pub nobody: Ipv4Addr,
    /// The other guests that run.
    pub siblings: Vec<Sibling>,
    /// Whether the kernel keeps the guest's port apart from others; `None` where it does not say.
    pub isolated: Option<bool>,
    /// The bridge's other ports that are not kept apart from it; `None` where the kernel does not say.
    pub open_ports: Option<Vec<String>>,
    /// An address that must be reached.
    pub control: Option<SocketAddr>,
    /// What the lab file opens.
    pub reach: Reach,
}

#[cfg(test)]
impl Place {
    /// The place of a guest that there is not.
    pub(crate) fn example() -> Self {
        let address = |host: u8| Ipv4Addr::new(10, 9, 0, host);
        Self {
            bridge: "t1br0".into(),
            gateway: address(1),
            bridge_mac: [2, 0, 0, 0, 0, 1],
            mac: [2, 0, 0, 0, 0, 5],
            address: address(5),
            unused: [address(77), address(78)],
            nobody: Ipv4Addr::new(198, 18, 7, 7),
            siblings: Vec::new(),
            isolated: Some(true),
            open_ports: Some(Vec::new()),
            control: None,
            reach: Reach { public: true, ways: Vec::new() },
        }
    }
}

/// What it means when a packet turns up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It must neither be forwarded nor taken in.
    Stop,
    /// It must not even pass the bridge.
    NotPass,
    /// It must be forwarded.
    Leave,
    /// It must be taken in by the host.
    Arrive,
}

/// A packet, with what it is for.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    pub(super) probe: &'static Probe,
    pub(super) meaning: Meaning,
    pub(super) what: String,
    pub(super) shot: Shot,
}

/// Everything that is to be sent by a guest.
#[derive(Debug, Clone)]
pub struct Aims {
    pub(super) place: Place,
    pub(super) all: Vec<Aim>,
    pub(super) routes: Routes,
    /// The host's own addresses, and the one that the bridge gives itself.
    pub(super) own: BTreeSet<IpAddr>,
    pub(super) other_resolvers: Vec<SocketAddr>,
    /// How much is not tried, by the probe that it is for.
    pub(super) not_tried: Vec<(&'static Probe, String)>,
}

impl Aims {
    /// What a guest in that place is to try on that host.
    #[must_use]
    pub fn new(place: Place, host: &HostFacts) -> Self {
        let mut own = host.addresses.clone();
        own.extend([IpAddr::V4(place.gateway), link_local(place.bridge_mac).into()]);
        let mut aims = Self {
            place,
            all: Vec::new(),
            routes: host.routes.clone(),
            own,
            other_resolvers: Vec::new(),
            not_tried: Vec::new(),
        };
        aims.host(host);
        aims.neighbours(host);
        for address in RESERVED {
            aims.stop(NET_RESERVED, address, &[ShotKind::Tcp(443), ShotKind::Echo]);
        }
        aims.stop(NET_METADATA, METADATA, &[ShotKind::Tcp(80)]);
        for address in PUBLIC_RESOLVERS {
            aims.stop(NET_RESOLVERS, address, &[ShotKind::Udp(53), ShotKind::Tcp(53), ShotKind::Tcp(853)]);
        }
        aims.siblings();
        aims.poses();
        aims.ipv6(host);
        aims.leave_out_what_is_open();
        aims.egress();
        aims
    }

    /// Where the guest is that they are for.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The address of the guest that they are for.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.place.address
    }

    /// The plan for the runner.
    #[must_use]
    pub fn plan(&self) -> NetworkPlan {
        let Place { gateway, bridge_mac, mac, address, unused, nobody, control, .. } = self.place;
        NetworkPlan {
            mac,
            address,
            bridge_mac,
            shots: self.all.iter().map(|aim| aim.shot).collect(),
            arp: (unused[1], nobody),
            other_mac: OTHER_MAC,
            resolver: (gateway, 53).into(),
            other_resolvers: self.other_resolvers.clone(),
            control,
        }
    }

    /// What the lab file opens is no way out.
    fn leave_out_what_is_open(&mut self) {
        let reach = &self.place.reach;
        let may_be_open = [NET_LAN, NET_RESERVED, NET_RESOLVERS];
        self.all.retain(|aim| !(may_be_open.contains(&aim.probe) && reach.opens(aim.shot.to, aim.shot.kind)));
        self.other_resolvers.retain(|at| !reach.opens(at.ip(), ShotKind::Udp(at.port())));
    }

    /// As many as are tried; that there are more is told.
    pub(super) fn first<T>(&mut self, probe: &'static Probe, what: &str, most: usize, mut all: Vec<T>) -> Vec<T> {
        if all.len() > most {
            self.not_tried.push((probe, format!("only {most} of {} {what} were tried", all.len())));
            all.truncate(most);
        }
        all
    }

    pub(super) fn add(&mut self, probe: &'static Probe, meaning: Meaning, to: IpAddr, kind: ShotKind) {
        let what = match kind {
            ShotKind::Tcp(port) => format!("{} TCP", SocketAddr::new(to, port)),
            ShotKind::Udp(port) => format!("{} UDP", SocketAddr::new(to, port)),
            ShotKind::Echo => format!("{to} echo"),
        };
        let shot = Shot { to, kind, hop: self.place.bridge_mac, source: None, other_mac: false };
        self.all.push(Aim { probe, meaning, what, shot });
    }
}

/// The address that a card gives itself.
pub(super) fn link_local(mac: Mac) -> Ipv6Addr {
    let [first, rest @ ..] = mac;
    let [second, third, fourth, fifth, sixth] = rest;
    let card = [first ^ 2, second, third, 0xff, 0xfe, fourth, fifth, sixth];
    Ipv6Addr::from((0xfe80 << 112) | u128::from(u64::from_be_bytes(card)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_gives_itself_an_address() {
        let mac = [0x00, 0x16, 0x3e, 0x01, 0x02, 0x03];
        assert_eq!(link_local(mac).to_string(), "fe80::216:3eff:fe01:203");
    }
}
