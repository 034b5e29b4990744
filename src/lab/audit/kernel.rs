//! Whether the kernel has the rules that the daemon says it made of the lab's ACL.
//!
//! What the daemon answers is what it was told. Its rules in the kernel can be gone all the same, by somebody's `nft flush`.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;

use crate::fence::{self, Fate, Hook, Link, Packet, Protocol, Ruleset};
use crate::lab::Lab;
use crate::lab::egress::Closed;
use crate::lab_file::Destination;

/// The driver by which the daemon writes rules that can be read here.
const DRIVER: &str = "nftables";
/// The kinds of packets that are led through the rules.
const KINDS: [(&str, Protocol); 3] = [
    ("TCP 22", Protocol::Tcp { from: 40_000, to: 22 }),
    ("UDP 9", Protocol::Udp { from: 40_000, to: 9 }),
    ("an echo", Protocol::Echo),
];
/// A machine outside, which no guest may hear from.
const STRANGER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// What gets past the daemon's rules in the kernel that must not, with what becomes of it.
///
/// # Errors
/// Why they can't be read.
pub(super) async fn holes(lab: &Lab, host: &[Ipv4Net]) -> Result<Vec<String>, String> {
    let driver = &lab.client.server().firewall;
    if driver != DRIVER {
        let driver = crate::text::excerpt(driver, 32);
        return Err(format!("the daemon filters with {driver}, whose rules nobody reads here"));
    }
    let rules = fence::incus_ruleset().await.map_err(|error| error.to_string())?;
    Ok(holes_in(rules.as_ref(), lab, host))
}

/// The same of rules that were read already; nothing is no table.
pub(in crate::lab) fn holes_in(rules: Option<&Ruleset>, lab: &Lab, host: &[Ipv4Net]) -> Vec<String> {
    let Some(rules) = rules else { return vec!["everything gets past it: there is no table inet incus".into()] };
    let closed = Closed::on(&lab.settings.network, host);
    let bridge = lab.settings.name.network();
    let nets = lab.settings.network.egress.allow.iter().filter_map(|allow| match &allow.to {
        Destination::Net(net) => Some(*net),
        // A name opens nothing that is closed, whatever it is answered with.
        Destination::Name(_) => None,
    });
    let allowed: Vec<Ipv4Net> = nets.collect();
    let packets = packets(&bridge, guest(lab), lab.settings.network.subnet.net().addr(), &closed, &allowed);
    let found = packets.into_iter().filter_map(|(what, packet)| match rules.fate(&packet) {
        Fate::Stopped => None,
        Fate::Passes => Some(format!("{what} gets past it")),
        Fate::Unknown(why) => Some(format!("whether {what} gets past it can't be told: {why}")),
    });
    found.collect()
}

/// An address of a guest: the second one of the subnet, whether or not there is a guest that has it.
fn guest(lab: &Lab) -> Ipv4Addr {
    let net = lab.settings.network.subnet.net();
    net.hosts().find(|address| *address != net.addr()).unwrap_or(net.addr())
}

/// Packets that are stopped in every mode: to the start, the middle and the end of what is closed and not allowed by
/// address, to the host, and to guests.
fn packets<'a>(
    bridge: &'a str,
    guest: Ipv4Addr,
    gateway: Ipv4Addr,
    closed: &Closed,
    allowed: &[Ipv4Net],
) -> Vec<(String, Packet<'a>)> {
    let (inside, outside) = (Link::Bridge(bridge), Link::Other(bridge));
    let guest = IpAddr::V4(guest);
    let never = closed.never.iter().copied();
    let places = closed.ranges.iter().map(|range| range.net).chain(never).flat_map(|net| {
        let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
        [first, first + (last - first) / 2, last].map(Ipv4Addr::from)
    });
    let is_open = |address: &Ipv4Addr| allowed.iter().any(|net| net.contains(address));
    let mut ways: Vec<(String, Hook, Link<'a>, Link<'a>, IpAddr, IpAddr)> = places
        .filter(|address| !is_open(address))
        .map(|to| (format!("of a guest to {to}"), Hook::Forward, inside, outside, guest, to.into()))
        .collect();
    ways.push(("of a guest to the host".into(), Hook::Input, inside, Link::None, guest, gateway.into()));
    ways.push(("of the host to a guest".into(), Hook::Output, Link::None, inside, gateway.into(), guest));
    ways.push(("from outside to a guest".into(), Hook::Forward, outside, inside, STRANGER.into(), guest));
    let packets = ways.into_iter().flat_map(|(way, hook, from, to, source, destination)| {
        KINDS
            .map(|(kind, protocol)| (format!("{kind} {way}"), Packet { hook, from, to, source, destination, protocol }))
    });
    packets.collect()
}
