//! Where the host sends packets on to, and whether anybody there could take them: what reaches nobody because nobody is there is
//! not contained.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::facts::ipv4;

/// Whether the host could hand a packet on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uplink {
    /// It has no route there.
    None,
    /// It has, but the link is dead, or the gateway does not answer it.
    Silent,
    /// It could.
    Ready,
}

/// The host's routes, with what is at their ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes {
    all: Vec<Route>,
    links: BTreeMap<String, Link>,
    answers: BTreeSet<(Ipv4Addr, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    net: Ipv4Net,
    /// None where the destination itself is on the link.
    gateway: Option<Ipv4Addr>,
    /// None where packets are thrown away.
    link: Option<String>,
    metric: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Link {
    is_up: bool,
    /// Whether a neighbour must have answered before it is sent anything.
    has_neighbours: bool,
}

impl Routes {
    /// Those of the kernel's table. `answers` are the neighbours that did, with the links that they are behind.
    pub(super) fn read(table: &str, answers: &BTreeSet<(Ipv4Addr, String)>) -> Self {
        let routes: Vec<Route> = table.lines().skip(1).filter_map(route).collect();
        let names: BTreeSet<&String> = routes.iter().filter_map(|route| route.link.as_ref()).collect();
        let links = names.into_iter().map(|name| (name.clone(), link(name))).collect();
        Self { all: routes, links, answers: answers.clone() }
    }

    /// A way to everywhere by one link, whose gateway answers or does not.
    #[cfg(test)]
    pub(crate) fn made_up(answers: bool) -> Self {
        let (gateway, name) = (Ipv4Addr::new(192, 0, 2, 1), "eth0".to_owned());
        let route = Route { net: Ipv4Net::default(), gateway: Some(gateway), link: Some(name.clone()), metric: 0 };
        Self {
            all: vec![route],
            links: [(name.clone(), Link { is_up: true, has_neighbours: true })].into(),
            answers: answers.then_some((gateway, name)).into_iter().collect(),
        }
    }

    /// The gateways.
    pub(super) fn gateways(&self) -> BTreeSet<Ipv4Addr> {
        self.all.iter().filter_map(|route| route.gateway).collect()
    }

    /// Whether the host could hand on a packet for that address.
    #[must_use]
    pub fn uplink(&self, to: Ipv4Addr) -> Uplink {
        let fits = self.all.iter().filter(|route| route.net.contains(&to));
        // The narrowest, and of equal ones the one that costs least.
        let best = fits.min_by_key(|route| (std::cmp::Reverse(route.net.prefix_len()), route.metric));
        let Some((route, name)) = best.and_then(|route| Some((route, route.link.as_ref()?))) else {
            return Uplink::None;
        };
        let Some(link) = self.links.get(name).filter(|link| link.is_up) else { return Uplink::Silent };
        match route.gateway {
            Some(gateway) if link.has_neighbours && !self.answers.contains(&(gateway, name.clone())) => Uplink::Silent,
            // Whether somebody has the address itself, the host asks when it has let a packet through, and that is seen.
            _ => Uplink::Ready,
        }
    }
}

fn route(line: &str) -> Option<Route> {
    const REJECTS: u32 = 0x200;
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address = |at: usize| ipv4(fields.get(at)?);
    let mask = u32::from(address(7)?);
    let net = Ipv4Net::new(address(1)?, u8::try_from(mask.leading_ones()).ok()?).ok()?;
    let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
    let link = Some(*fields.first()?).filter(|name| *name != "*" && flags & REJECTS == 0).map(str::to_owned);
    let gateway = address(2).filter(|gateway| !gateway.is_unspecified());
    Some(Route { net, gateway, link, metric: fields.get(6)?.parse().ok()? })
}

/// What the kernel says of a link. One that it says nothing of is dead.
fn link(name: &str) -> Link {
    const ETHERNET: &str = "1";
    let read = |file: &str| fs::read_to_string(format!("/sys/class/net/{name}/{file}")).unwrap_or_default();
    // Links that know no state of their own say that it is unknown.
    let is_up = matches!(read("operstate").trim(), "up" | "unknown");
    Link { is_up, has_neighbours: read("type").trim() == ETHERNET }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth1\t00000000\t010300C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t0000000A\t010300C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0
*\t0000100A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0
tun0\t0000200A\t0100200A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
";

    fn routes(answers: &[(&str, &str)], down: &[&str]) -> Routes {
        let answers = answers.iter().map(|(address, link)| (address.parse().unwrap(), (*link).to_owned())).collect();
        let mut routes = Routes::read(TABLE, &answers);
        let link = |name: &str| Link { is_up: !down.contains(&name), has_neighbours: name != "tun0" };
        routes.links = ["eth0", "eth1", "tun0"].into_iter().map(|name| (name.to_owned(), link(name))).collect();
        routes
    }

    fn uplink(routes: &Routes, to: &str) -> Uplink {
        routes.uplink(to.parse().unwrap())
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn only_the_gateway_on_the_way_counts() {
        let (first, second) = (("192.0.2.1", "eth0"), ("192.0.3.1", "eth1"));
        let both = routes(&[first, second], &[]);
        assert_eq!(both.gateways().len(), 3);
        for to in ["1.1.1.1", "192.0.2.9", "10.9.9.9", "10.32.0.9"] {
            assert_eq!(uplink(&both, to), Uplink::Ready, "{to}");
        }
        assert_eq!(uplink(&both, "10.16.0.1"), Uplink::None);
        // Another gateway that answers is on no way there.
        let other = routes(&[second], &[]);
        assert_eq!((uplink(&other, "1.1.1.1"), uplink(&other, "10.9.9.9")), (Uplink::Silent, Uplink::Ready));
        let default = routes(&[first], &[]);
        assert_eq!((uplink(&default, "1.1.1.1"), uplink(&default, "10.9.9.9")), (Uplink::Ready, Uplink::Silent));
        // The same address behind another link is somebody else.
        assert_eq!(uplink(&routes(&[("192.0.2.1", "eth1")], &[]), "1.1.1.1"), Uplink::Silent);
        // A cable that is pulled out.
        let down = routes(&[first, second], &["eth0", "tun0"]);
        for to in ["1.1.1.1", "192.0.2.9", "10.32.0.9"] {
            assert_eq!(uplink(&down, to), Uplink::Silent, "{to}");
        }
        assert_eq!(uplink(&Routes::default(), "1.1.1.1"), Uplink::None);
    }
}
