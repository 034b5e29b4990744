//! What the lab file opens to guests: it must be reached, and nothing beside it.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;

use super::aim::{Aims, Meaning};
use super::plan::ShotKind;
use super::{EGRESS, NET_ALLOWED, NET_PUBLIC};

/// Addresses in the public internet, which are only looked for to be left to.
const PUBLIC: [Ipv4Addr; 2] = [Ipv4Addr::new(1, 1, 1, 1), Ipv4Addr::new(8, 8, 4, 4)];
/// How many allowances are tried.
const WAYS: usize = 64;
/// Ports that an allowance opens only where it names them.
const DNS: [u16; 2] = [53, 853];

/// What the lab file opens to guests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether the public internet is open.
    pub public: bool,
    /// What is open besides.
    pub ways: Vec<Way>,
}

/// A network, with the ports that are open there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The network.
    pub net: Ipv4Net,
    /// Whether it is UDP, and not TCP.
    pub udp: bool,
    /// Ranges of ports: the first and the last.
    pub ports: Vec<(u16, u16)>,
}

impl Reach {
    /// Whether an allowance opens this.
    #[must_use]
    pub fn opens(&self, to: IpAddr, kind: ShotKind) -> bool {
        let IpAddr::V4(to) = to else { return false };
        let (udp, port) = match kind {
            ShotKind::Tcp(port) => (false, port),
            ShotKind::Udp(port) => (true, port),
            ShotKind::Echo => return false,
        };
        self.ways.iter().any(|way| {
            let fits = |&(first, last): &(u16, u16)| {
                if DNS.contains(&port) { (first, last) == (port, port) } else { (first..=last).contains(&port) }
            };
            way.udp == udp && way.net.contains(&to) && way.ports.iter().any(fits)
        })
    }
}

impl Aims {
    /// What must be reached, so that a dead network is not taken for a contained one; and what lies beside it.
    pub(super) fn egress(&mut self) {
        let reach = self.place.reach.clone();
        let ways = self.first(NET_ALLOWED, "allowances", WAYS, reach.ways.iter().collect());
        if let Some(control) = self.place.control {
            self.add(EGRESS, Meaning::Leave, control.ip(), ShotKind::Tcp(control.port()));
        } else if reach.public {
            self.add(EGRESS, Meaning::Leave, PUBLIC[0].into(), ShotKind::Tcp(443));
        }
        for way in &ways {
            if let Some((to, kind)) = way.door() {
                self.add(EGRESS, Meaning::Leave, to.into(), kind);
            }
        }
        if !self.all.iter().any(|aim| aim.probe == EGRESS) {
            // Nothing is open. That the guest's packets get as far as to the bridge is all that can be shown.
            let resolver = self.place.gateway;
            self.add(EGRESS, Meaning::Arrive, resolver.into(), ShotKind::Udp(53));
        }
        for way in &ways {
            self.beside(way, &reach);
        }
        if !reach.public {
            for address in PUBLIC {
                for kind in [ShotKind::Tcp(443), ShotKind::Tcp(80), ShotKind::Udp(443), ShotKind::Echo] {
                    if !reach.opens(address.into(), kind) {
                        self.add(NET_PUBLIC, Meaning::Stop, address.into(), kind);
                    }
                }
            }
        }
    }

    /// The next port that is closed, the other protocol, an echo, and the same port of the neighbour.
    fn beside(&mut self, way: &Way, reach: &Reach) {
        let Some((to, kind)) = way.door() else { return };
        // All of it is open, and so is what is beside it.
        if reach.public && crate::ranges::not_public(to.into()).is_none() {
            return;
        }
        let of = |port: u16| if way.udp { ShotKind::Udp(port) } else { ShotKind::Tcp(port) };
        let port = match kind {
            ShotKind::Tcp(port) | ShotKind::Udp(port) => port,
            ShotKind::Echo => return,
        };
        let next = (port..=u16::MAX).chain((1..port).rev()).map(of).find(|kind| !reach.opens(to.into(), *kind));
        let other = if way.udp { ShotKind::Tcp(port) } else { ShotKind::Udp(port) };
        let neighbour = way.neighbour();
        let beside = [
            next.map(|kind| (to, kind)),
            Some((to, other)),
            Some((to, ShotKind::Echo)),
            neighbour.map(|to| (to, kind)),
        ];
        for (to, kind) in beside.into_iter().flatten() {
            if !reach.opens(to.into(), kind) {
                self.add(NET_ALLOWED, Meaning::Stop, to.into(), kind);
            }
        }
    }
}

impl Way {
    /// One address and port of it that is open.
    fn door(&self) -> Option<(Ipv4Addr, ShotKind)> {
        let to = self.net.hosts().next()?;
        let open = |&(first, last): &(u16, u16)| (first..=last).find(|port| first == last || !DNS.contains(port));
        let port = self.ports.iter().find_map(open)?;
        Some((to, if self.udp { ShotKind::Udp(port) } else { ShotKind::Tcp(port) }))
    }

    /// An address of the network beside it.
    fn neighbour(&self) -> Option<Ipv4Addr> {
        let bit = 1_u32.checked_shl(32 - u32::from(self.net.prefix_len()))?;
        Some(Ipv4Addr::from(u32::from(self.door()?.0) ^ bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(net: &str, udp: bool, ports: &[(u16, u16)]) -> Way {
        Way { net: net.parse().unwrap(), udp, ports: ports.to_vec() }
    }

    #[test]
    fn a_port_of_resolvers_is_open_only_where_it_is_named() {
        let to = |address: &str| address.parse::<IpAddr>().unwrap();
        let reach = Reach { public: false, ways: vec![way("192.168.77.0/24", true, &[(1, 1024)])] };
        assert!(reach.opens(to("192.168.77.9"), ShotKind::Udp(443)));
        for (address, kind) in [
            ("192.168.77.9", ShotKind::Udp(53)),
            ("192.168.77.9", ShotKind::Tcp(443)),
            ("192.168.77.9", ShotKind::Echo),
            ("192.168.78.9", ShotKind::Udp(443)),
            ("192.168.77.9", ShotKind::Udp(1025)),
            ("::1", ShotKind::Udp(443)),
        ] {
            assert!(!reach.opens(to(address), kind), "{address} {kind:?}");
        }
        let named = Reach { public: false, ways: vec![way("192.168.77.9/32", true, &[(53, 53)])] };
        assert!(named.opens(to("192.168.77.9"), ShotKind::Udp(53)));
    }

    #[test]
    fn a_door_is_open_and_its_neighbour_is_outside() {
        let one = way("192.168.77.9/32", false, &[(52, 54)]);
        assert_eq!(one.door(), Some((Ipv4Addr::new(192, 168, 77, 9), ShotKind::Tcp(52))));
        assert_eq!(one.neighbour(), Some(Ipv4Addr::new(192, 168, 77, 8)));
        let net = way("192.168.76.0/23", false, &[(443, 443)]);
        assert_eq!(net.door(), Some((Ipv4Addr::new(192, 168, 76, 1), ShotKind::Tcp(443))));
        assert_eq!(net.neighbour(), Some(Ipv4Addr::new(192, 168, 78, 1)));
    }
}
