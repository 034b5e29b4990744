//! All packets that there are, by one of each kind.
//!
//! Between two neighbouring bounds of everything that the rules and the lab file name, all addresses are alike, and so are all
//! ports. So one of each decides for all of them, and nothing can lie in between.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use ipnet::Ipv4Net;

use super::packet::{Area, Packet, RESOLVERS, Traffic, forbidden};
use crate::lab_file::Destination;
use crate::rules::live::{AclRule, Reach};

/// More decisions than this are not made.
const MOST: usize = 100_000_000;

/// Whether an action lets a packet through. What podclaw does not know does.
pub(super) fn lets_through(action: &str) -> bool {
    !matches!(action, "reject" | "drop")
}

/// The rules of all ACLs together.
#[derive(Debug)]
pub(super) struct Filter {
    closing: Vec<Matcher>,
    opening: Vec<Matcher>,
    opens_by_default: bool,
}

/// Which packets a rule is about. Where that can't be told, a rule that opens is taken to be about all of them, and one
/// that closes about none.
#[derive(Debug, Default)]
struct Matcher {
    to: Vec<RangeInclusive<u32>>,
    has_ipv6: bool,
    protocol: Protocol,
    ports: Vec<RangeInclusive<u16>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Protocol {
    #[default]
    Any,
    Tcp,
    Udp,
    Icmp,
    Ipv6Only,
}

impl Filter {
    /// Reads the rules. `bridge` has the guests' subnet.
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a AclRule>, opens_by_default: bool, bridge: Ipv4Net) -> Self {
        let mut filter = Self { closing: Vec::new(), opening: Vec::new(), opens_by_default };
        for rule in rules.filter(|rule| rule.state != "disabled") {
            if lets_through(&rule.action) {
                filter.opening.push(Matcher::widest(rule));
            } else {
                filter.closing.extend(Matcher::exactly(rule, bridge));
            }
        }
        filter
    }

    /// Whether some IPv6 gets through.
    pub(super) fn opens_ipv6(&self) -> bool {
        self.opens_by_default || self.opening.iter().any(|rule| rule.has_ipv6)
    }

    /// Incus closes before it opens, whatever the order of the rules is.
    fn opens(&self, packet: Packet) -> bool {
        let hits = |rules: &[Matcher]| rules.iter().any(|rule| rule.matches(packet));
        !hits(&self.closing) && (self.opens_by_default || hits(&self.opening))
    }
}

impl Matcher {
    /// All packets that a rule could be about.
    fn widest(rule: &AclRule) -> Self {
        let (to, has_ipv6) = match destinations(&rule.destination) {
            Some((to, has_ipv6)) => (to, has_ipv6),
            None => (vec![0..=u32::MAX], true),
        };
        let protocol = protocol(&rule.protocol).unwrap_or(Protocol::Any);
        let ports = ports(&rule.destination_port).unwrap_or_else(|| vec![0..=u16::MAX]);
        Self { to, has_ipv6: has_ipv6 && protocol != Protocol::Icmp, protocol, ports }
    }

    /// The packets that a rule is about for sure.
    fn exactly(rule: &AclRule, bridge: Ipv4Net) -> Option<Self> {
        let from_all = rule.source.is_empty()
            || destinations(&rule.source)?.0.iter().any(|range| {
                range.contains(&bridge.network().to_bits()) && range.contains(&bridge.broadcast().to_bits())
            });
        if !from_all || !rule.source_port.is_empty() || rule.is_some_icmp {
            return None;
        }
        let (to, has_ipv6) = destinations(&rule.destination)?;
        let (protocol, ports) = (protocol(&rule.protocol)?, ports(&rule.destination_port)?);
        // Ports of no protocol are those of none.
        let is_clear = rule.destination_port.is_empty() || matches!(protocol, Protocol::Tcp | Protocol::Udp);
        is_clear.then_some(Self { to, has_ipv6, protocol, ports })
    }

    fn matches(&self, packet: Packet) -> bool {
        let to = packet.to.to_bits();
        let is_for = match (self.protocol, packet.traffic) {
            (Protocol::Tcp, Traffic::Tcp(port)) | (Protocol::Udp, Traffic::Udp(port)) => {
                self.ports.iter().any(|ports| ports.contains(&port))
            }
            (Protocol::Any, _) | (Protocol::Icmp, Traffic::Icmp) => true,
            // Nothing of IPv6 is about an IPv4 packet.
            _ => false,
        };
        is_for && self.to.iter().any(|range| range.contains(&to))
    }
}

/// The IPv4 addresses that a list names, and whether it names IPv6 too; nothing where podclaw can't read it.
fn destinations(list: &str) -> Option<(Vec<RangeInclusive<u32>>, bool)> {
    if list.trim().is_empty() {
        return Some((vec![0..=u32::MAX], true));
    }
    let (mut ranges, mut has_ipv6) = (Vec::new(), false);
    for part in list.split(',').map(str::trim) {
        if part.contains(':') {
            has_ipv6 = true;
        } else if let Ok(net) = part.parse::<Ipv4Net>() {
            ranges.push(net.network().to_bits()..=net.broadcast().to_bits());
        } else {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (first.parse::<Ipv4Addr>().ok()?, last.parse::<Ipv4Addr>().ok()?);
            ranges.push(first.to_bits()..=last.to_bits());
        }
    }
    Some((ranges, has_ipv6))
}

fn ports(list: &str) -> Option<Vec<RangeInclusive<u16>>> {
    if list.trim().is_empty() {
        return Some(vec![0..=u16::MAX]);
    }
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').map(str::trim).map(range).collect()
}

fn protocol(name: &str) -> Option<Protocol> {
    Some(match name {
        "" => Protocol::Any,
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "icmp4" => Protocol::Icmp,
        "icmp6" => Protocol::Ipv6Only,
        _ => return None,
    })
}

/// One packet of each kind.
#[derive(Debug)]
pub(super) struct Space {
    addresses: Vec<u32>,
    traffic: Vec<Traffic>,
}

impl Space {
    /// All kinds that the filter or the lab file tells apart; nothing where there are too many of them.
    pub(super) fn new(filter: &Filter, reach: &Reach) -> Option<Self> {
        let rules = || filter.closing.iter().chain(&filter.opening);
        let mut addresses = vec![0, reach.bridge.addr().to_bits(), reach.bridge.addr().to_bits().saturating_add(1)];
        let mut ports = vec![1];
        let mut area = |net: &Ipv4Net| {
            addresses.push(net.network().to_bits());
            addresses.push(net.broadcast().to_bits().saturating_add(1));
        };
        reach.closed.iter().for_each(|(net, _)| area(net));
        reach.never.iter().for_each(&mut area);
        for allowance in &reach.allow {
            if let Destination::Net(net) = &allowance.to {
                area(net);
            }
            ports.extend(allowance.ports.iter().flat_map(|ports| [ports.first, ports.last.saturating_add(1)]));
        }
        for rule in rules() {
            addresses.extend(rule.to.iter().flat_map(|range| [*range.start(), range.end().saturating_add(1)]));
            ports.extend(rule.ports.iter().flat_map(|range| [*range.start(), range.end().saturating_add(1)]));
        }
        ports.extend([67, 68].into_iter().chain(RESOLVERS.into_iter().flat_map(|port| [port, port + 1])));
        addresses.sort_unstable();
        addresses.dedup();
        ports.sort_unstable();
        ports.dedup();
        let traffic: Vec<_> = ports
            .iter()
            .flat_map(|port| [Traffic::Tcp(*port), Traffic::Udp(*port)])
            .chain([Traffic::Icmp, Traffic::Other])
            .collect();
        let ranges: usize = rules().map(|rule| rule.to.len() + rule.ports.len()).sum();
        let each = ranges + reach.closed.len() + reach.never.len() + 1;
        let decisions = addresses.len().checked_mul(traffic.len())?.checked_mul(each)?;
        (decisions <= MOST).then_some(Self { addresses, traffic })
    }

    /// Each area that the filter opens against the lab file, with a packet that gets there.
    pub(super) fn opened(&self, filter: &Filter, reach: &Reach) -> Vec<(Area, Packet)> {
        let mut found: BTreeMap<String, (Area, Packet)> = BTreeMap::new();
        for to in &self.addresses {
            for traffic in &self.traffic {
                let packet = Packet { to: Ipv4Addr::from_bits(*to), traffic: *traffic };
                if filter.opens(packet)
                    && let Some(area) = forbidden(packet, reach)
                {
                    found.entry(area.subject.clone()).or_insert((area, packet));
                }
            }
        }
        found.into_values().collect()
    }
}
