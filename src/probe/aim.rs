//! What is shot at, and what it would mean if it got there.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::host::HostFacts;
use super::plan::{Mac, NetworkPlan, Shot, ShotKind};
use super::reach::Reach;
use super::{
    NET_HOST, NET_IPV6, NET_LAN, NET_MAC, NET_METADATA, NET_RESERVED, NET_RESOLVERS, NET_SIBLING, NET_SOURCE, Probe,
};

/// Resolvers of the public internet.
const PUBLIC_RESOLVERS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(1, 1, 1, 1), Ipv4Addr::new(8, 8, 8, 8), Ipv4Addr::new(9, 9, 9, 9)];
/// One of them over IPv6.
const PUBLIC_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888);
/// The address at which clouds tell a machine its secrets.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
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
const OTHER_MAC: Mac = [0x02, 0x70, 0x63, 0x6c, 0x61, 0x77];

/// How many ports of one address are tried, by TCP and by UDP.
const PORTS: usize = 40;
/// How many addresses of the host, neighbours and siblings are tried.
const ADDRESSES: usize = 24;
const NEIGHBOURS: usize = 8;
const SIBLINGS: usize = 4;

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
    pub(super) fn example() -> Self {
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
    pub(super) uplink: Uplink,
    /// The host's own addresses, and the one that the bridge gives itself.
    pub(super) own: BTreeSet<IpAddr>,
    other_resolvers: Vec<SocketAddr>,
}

/// Whether the host could forward anything to the internet at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uplink {
    /// It has no route there.
    None,
    /// It has, but its gateway does not answer it.
    Silent,
    /// It could.
    Ready,
}

impl Aims {
    /// What a guest in that place is to try on that host.
    #[must_use]
    pub fn new(place: Place, host: &HostFacts) -> Self {
        let answers: BTreeSet<Ipv4Addr> = host.neighbours.iter().map(|(address, _)| *address).collect();
        let uplink = match (host.has_default_route, host.gateways.is_empty()) {
            (false, _) => Uplink::None,
            // A link without neighbours needs none.
            (true, true) => Uplink::Ready,
            (true, false) if host.gateways.iter().any(|gateway| answers.contains(gateway)) => Uplink::Ready,
            (true, false) => Uplink::Silent,
        };
        let mut own = host.addresses.clone();
        own.extend([IpAddr::V4(place.gateway), link_local(place.bridge_mac).into()]);
        let mut aims = Self { place, all: Vec::new(), uplink, own, other_resolvers: Vec::new() };
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

    pub(super) fn add(&mut self, probe: &'static Probe, meaning: Meaning, to: IpAddr, kind: ShotKind) {
        let what = match kind {
            ShotKind::Tcp(port) => format!("{} TCP", SocketAddr::new(to, port)),
            ShotKind::Udp(port) => format!("{} UDP", SocketAddr::new(to, port)),
            ShotKind::Echo => format!("{to} echo"),
        };
        let shot = Shot { to, kind, hop: self.place.bridge_mac, source: None, other_mac: false };
        self.all.push(Aim { probe, meaning, what, shot });
    }

    fn stop(&mut self, probe: &'static Probe, to: Ipv4Addr, kinds: &[ShotKind]) {
        for &kind in kinds {
            self.add(probe, Meaning::Stop, to.into(), kind);
        }
    }

    /// Every address of the host, with everything that listens there, a port where nothing does, and an echo. DNS and DHCP
    /// are let through to the host by Incus itself: what answers there is asked for, not what arrives.
    fn host(&mut self, host: &HostFacts) {
        let own = IpAddr::V4(self.place.gateway);
        let four = host.addresses.iter().copied().filter(IpAddr::is_ipv4);
        // The bridge's own address first, should there be too many.
        let ordered: Vec<IpAddr> = [own].into_iter().chain(four.filter(|address| *address != own)).collect();
        for address in ordered.into_iter().take(ADDRESSES) {
            let tcp = host.ports(address, false);
            let quiet = (1..1024).rev().find(|port| !tcp.contains(port)).unwrap_or(1023);
            for port in tcp.into_iter().filter(|port| *port != 53).take(PORTS).chain([quiet]) {
                self.add(NET_HOST, Meaning::Stop, address, ShotKind::Tcp(port));
            }
            let udp = host.ports(address, true);
            for port in udp.iter().copied().filter(|port| !matches!(port, 53 | 67 | 68)).take(PORTS).chain([quiet]) {
                self.add(NET_HOST, Meaning::Stop, address, ShotKind::Udp(port));
            }
            self.add(NET_HOST, Meaning::Stop, address, ShotKind::Echo);
            if address != own && udp.contains(&53) && !host.bridge_resolvers.contains(&address) {
                self.other_resolvers.push((address, 53).into());
            }
        }
        self.other_resolvers.extend(PUBLIC_RESOLVERS.map(|address| SocketAddr::from((address, 53))));
    }

    fn neighbours(&mut self, host: &HostFacts) {
        let known = host.neighbours.iter().filter(|(_, interface)| *interface != self.place.bridge);
        let mut targets: Vec<Ipv4Addr> = known.map(|(address, _)| *address).collect();
        targets.sort_by_key(|address| !host.gateways.contains(address));
        for address in targets.into_iter().take(NEIGHBOURS) {
            let kinds = [ShotKind::Tcp(22), ShotKind::Tcp(443), ShotKind::Udp(161), ShotKind::Echo];
            self.stop(NET_LAN, address, &kinds);
        }
    }

    fn siblings(&mut self) {
        for sibling in self.place.siblings.clone().into_iter().take(SIBLINGS) {
            let own = Shot {
                to: sibling.address.into(),
                kind: ShotKind::Udp(9),
                hop: sibling.mac,
                source: None,
                other_mac: false,
            };
            let six = Shot { to: link_local(sibling.mac).into(), ..own };
            for shot in [own, Shot { kind: ShotKind::Tcp(18_789), ..own }, six] {
                let what = format!("guest {} at {}", sibling.name, shot.to);
                self.all.push(Aim { probe: NET_SIBLING, meaning: Meaning::NotPass, what, shot });
            }
        }
    }

    /// Posing as somebody else: as another guest, as the gateway, and with another card.
    fn poses(&mut self) {
        let Place { gateway, bridge_mac, unused, .. } = self.place;
        let shot =
            Shot { to: gateway.into(), kind: ShotKind::Udp(53), hop: bridge_mac, source: None, other_mac: false };
        let as_guest = Shot { source: Some(unused[0]), ..shot };
        let as_gateway = Shot { to: METADATA.into(), source: Some(gateway), ..shot };
        let other_card = Shot { to: unused[0].into(), other_mac: true, ..shot };
        for (probe, what, shot) in [
            (NET_SOURCE, format!("from {}", unused[0]), as_guest),
            (NET_SOURCE, format!("from {gateway}"), as_gateway),
            (NET_MAC, format!("from {}", OTHER_MAC.map(|byte| format!("{byte:02x}")).join(":")), other_card),
        ] {
            self.all.push(Aim { probe, meaning: Meaning::NotPass, what, shot });
        }
    }

    fn ipv6(&mut self, host: &HostFacts) {
        let own = host.addresses.iter().copied().filter(IpAddr::is_ipv6);
        // Whether the bridge has this address or not: a guest can send to it.
        let bridge = IpAddr::V6(link_local(self.place.bridge_mac));
        for address in own.chain([bridge]).collect::<BTreeSet<_>>().into_iter().take(ADDRESSES) {
            // Link-local addresses of other interfaces are not the host's on this one.
            let elsewhere = matches!(address, IpAddr::V6(six) if six.is_unicast_link_local()) && address != bridge;
            if elsewhere {
                continue;
            }
            let udp = host.ports(address, true);
            for port in udp.into_iter().filter(|port| !matches!(port, 53 | 546 | 547)).take(PORTS).chain([9]) {
                self.add(NET_IPV6, Meaning::Stop, address, ShotKind::Udp(port));
            }
        }
        self.add(NET_IPV6, Meaning::Stop, PUBLIC_IPV6.into(), ShotKind::Udp(53));
    }
}

/// The address that a card gives itself.
fn link_local(mac: Mac) -> Ipv6Addr {
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
