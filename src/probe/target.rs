//! What there is to be aimed at: the host, its network, other guests, and who a guest may pose as.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::aim::{Aim, Aims, METADATA, Meaning, OTHER_MAC, PUBLIC_RESOLVERS, Place, link_local};
use super::host::HostFacts;
use super::plan::{Shot, ShotKind};
use super::{NET_HOST, NET_IPV6, NET_LAN, NET_MAC, NET_RESOLVERS, NET_SIBLING, NET_SOURCE, Probe};

/// A resolver of the public internet, over IPv6.
const PUBLIC_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888);
/// How many packets are sent to the host's addresses, over IPv4 and over IPv6. Only a host with a thousand services has more.
const TO_HOST: usize = 4000;
const TO_HOST_SIX: usize = 1000;
/// How many neighbours, siblings and resolvers are tried.
const NEIGHBOURS: usize = 64;
pub(crate) const SIBLINGS: usize = 64;
const RESOLVERS: usize = 64;

impl Aims {
    pub(super) fn stop(&mut self, probe: &'static Probe, to: Ipv4Addr, kinds: &[ShotKind]) {
        for &kind in kinds {
            self.add(probe, Meaning::Stop, to.into(), kind);
        }
    }

    /// Every address of the host, with everything that listens there, a port where nothing does, and an echo. DNS and DHCP
    /// are let through to the host by Incus itself, and the DHCP of IPv6 by IPv4, too: what answers there is asked for, not
    /// what arrives.
    pub(super) fn host(&mut self, host: &HostFacts) {
        let own = IpAddr::V4(self.place.gateway);
        let four = host.addresses.iter().copied().filter(IpAddr::is_ipv4);
        // The bridge's own address first, should there be too many.
        let ordered: Vec<IpAddr> = [own].into_iter().chain(four.filter(|address| *address != own)).collect();
        let (mut packets, mut resolvers) = (Vec::new(), Vec::new());
        for address in ordered {
            let tcp = host.ports(address, false);
            let udp = host.ports(address, true);
            if address != own && udp.contains(&53) && !host.bridge_resolvers.contains(&address) {
                resolvers.push(SocketAddr::from((address, 53)));
            }
            let quiet = (1..1024).rev().find(|port| !tcp.contains(port)).unwrap_or(1023);
            let udp =
                udp.into_iter().filter(|port| !matches!(port, 53 | 67 | 68 | 547)).chain([quiet]).map(ShotKind::Udp);
            let tcp = tcp.into_iter().filter(|port| *port != 53).chain([quiet]).map(ShotKind::Tcp);
            packets.extend(tcp.chain(udp).chain([ShotKind::Echo]).map(|kind| (address, kind)));
        }
        for (address, kind) in self.first(NET_HOST, "packets to the host", TO_HOST, packets) {
            self.add(NET_HOST, Meaning::Stop, address, kind);
        }
        self.other_resolvers = self.first(NET_RESOLVERS, "resolvers on the host", RESOLVERS, resolvers);
        self.other_resolvers.extend(PUBLIC_RESOLVERS.map(|address| SocketAddr::from((address, 53))));
    }

    pub(super) fn neighbours(&mut self, host: &HostFacts) {
        let known = host.neighbours.iter().filter(|(_, interface)| *interface != self.place.bridge);
        let mut targets: Vec<Ipv4Addr> = known.map(|(address, _)| *address).collect();
        targets.sort_by_key(|address| !host.gateways.contains(address));
        for address in self.first(NET_LAN, "neighbours", NEIGHBOURS, targets) {
            let kinds = [ShotKind::Tcp(22), ShotKind::Tcp(443), ShotKind::Udp(161), ShotKind::Echo];
            self.stop(NET_LAN, address, &kinds);
        }
    }

    pub(super) fn siblings(&mut self) {
        let siblings = self.place.siblings.clone();
        for sibling in self.first(NET_SIBLING, "guests", SIBLINGS, siblings) {
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
    pub(super) fn poses(&mut self) {
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

    pub(super) fn ipv6(&mut self, host: &HostFacts) {
        let own = host.addresses.iter().copied().filter(IpAddr::is_ipv6);
        // Whether the bridge has this address or not: a guest can send to it.
        let bridge = IpAddr::V6(link_local(self.place.bridge_mac));
        // Link-local addresses of other interfaces are not the host's on this one.
        let is_here =
            |address: &IpAddr| *address == bridge || !matches!(address, IpAddr::V6(six) if six.is_unicast_link_local());
        let ports = |address: IpAddr| {
            let udp = host.ports(address, true).into_iter().filter(|port| !matches!(port, 53 | 546 | 547));
            udp.chain([9]).map(move |port| (address, ShotKind::Udp(port)))
        };
        let all: BTreeSet<IpAddr> = own.chain([bridge]).filter(is_here).collect();
        let packets = all.into_iter().flat_map(ports).collect();
        for (address, kind) in self.first(NET_IPV6, "packets to the host", TO_HOST_SIX, packets) {
            self.add(NET_IPV6, Meaning::Stop, address, kind);
        }
        self.add(NET_IPV6, Meaning::Stop, PUBLIC_IPV6.into(), ShotKind::Udp(53));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Sibling;

    #[test]
    fn what_is_too_much_to_be_tried_is_told() {
        let mut host = HostFacts::default();
        let plain = Aims::new(Place::example(), &host);
        assert_eq!(plain.not_tried, []);
        let six = |number: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number));
        host.addresses =
            (1..=40).map(|number| Ipv4Addr::new(192, 0, 2, number).into()).chain((1..=9).map(six)).collect();
        let any = |address: IpAddr, port: u16| super::super::host::Listener { address, port, udp: true };
        host.listeners = (1..=200)
            .map(|port| any(Ipv4Addr::UNSPECIFIED.into(), port))
            .chain((1..=200).map(|port| any(Ipv6Addr::UNSPECIFIED.into(), port)))
            .collect();
        host.neighbours = (1..=65).map(|number| (Ipv4Addr::new(192, 0, 2, number), "eth0".into())).collect();
        let sibling =
            |number: u8| Sibling { name: "a".into(), mac: [number; 6], address: Ipv4Addr::new(10, 9, 0, number) };
        let place = Place { siblings: (10..=80).map(sibling).collect(), ..Place::example() };
        let aims = Aims::new(place, &host);
        let told: Vec<&str> = aims.not_tried.iter().map(|(probe, _)| probe.id).collect();
        assert_eq!(told, ["net-host", "net-lan", "net-sibling", "net-ipv6"]);
        assert!(aims.not_tried[0].1.starts_with("only 4000 of "), "{:?}", aims.not_tried);
        assert_eq!(aims.all.iter().filter(|aim| aim.probe == NET_HOST).count(), TO_HOST);
        // The runner reads no more than this.
        let plan = serde_json::to_vec(&aims.plan()).unwrap();
        assert!((plan.len() as u64) < crate::probe::plan::LARGEST_PLAN / 10 * 9, "{}", plan.len());
    }

    /// Incus' rules let it through on each bridge, by IPv4, too. A resolver of any bridge with IPv6 listens there.
    #[test]
    fn the_dhcp_of_ipv6_opens_nothing() {
        let mut host = HostFacts::default();
        host.addresses = [Ipv4Addr::new(192, 0, 2, 1).into()].into();
        host.listeners = [547, 548]
            .map(|port| super::super::host::Listener { address: Ipv6Addr::UNSPECIFIED.into(), port, udp: true })
            .into();
        let aims = Aims::new(Place::example(), &host);
        let tried = |port: u16| aims.all.iter().any(|aim| aim.shot.kind == ShotKind::Udp(port));
        assert_eq!([547, 548].map(tried), [false, true]);
    }
}
