//! Whether the kernel has the rules that the daemon says it made of the lab's ACL.
//!
//! What the daemon answers is what it was told. Its rules in the kernel can be gone all the same, by somebody's `nft flush`.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;

use crate::fence::{self, Fate, Hook, Link, Packet, Protocol};
use crate::lab::Lab;
use crate::lab::egress::Closed;

/// The driver by which the daemon writes rules that can be read here.
const DRIVER: &str = "nftables";
/// A port that nothing of the lab is allowed to be asked for.
const KIND: Protocol = Protocol::Tcp { from: 40_000, to: 1 };
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
    let Some(rules) = rules else { return Ok(vec!["everything gets past it: there is no table inet incus".into()]) };
    let closed = Closed::on(&lab.settings.network, host);
    let bridge = lab.settings.name.network();
    let guest = guest(lab);
    let found =
        packets(&bridge, guest, lab.settings.network.subnet.net().addr(), &closed).filter_map(|(what, packet)| {
            match rules.fate(&packet) {
                Fate::Stopped => None,
                Fate::Passes => Some(format!("{what} gets past it")),
                Fate::Unknown(why) => Some(format!("whether {what} gets past it can't be told: {why}")),
            }
        });
    Ok(found.collect())
}

/// An address of a guest: the second one of the subnet, whether or not there is a guest that has it.
fn guest(lab: &Lab) -> Ipv4Addr {
    let net = lab.settings.network.subnet.net();
    net.hosts().find(|address| *address != net.addr()).unwrap_or(net.addr())
}

/// One packet of each kind that is stopped in every mode: to what is closed, to the host, and to guests.
fn packets<'a>(
    bridge: &'a str,
    guest: Ipv4Addr,
    gateway: Ipv4Addr,
    closed: &'a Closed,
) -> impl Iterator<Item = (String, Packet<'a>)> {
    let own = IpAddr::V4(gateway);
    let from_guest = move |hook, to, destination| Packet {
        hook,
        from: Link::Bridge(bridge),
        to,
        source: guest.into(),
        destination,
        protocol: KIND,
    };
    let to_guest = move |hook, from, source| Packet {
        hook,
        from,
        to: Link::Bridge(bridge),
        source,
        destination: guest.into(),
        protocol: KIND,
    };
    let out = closed.never.iter().map(move |net| {
        let packet = from_guest(Hook::Forward, Link::Other(bridge), net.addr().into());
        (format!("a packet of a guest to {net}"), packet)
    });
    let others = [
        ("a packet of a guest to the host", from_guest(Hook::Input, Link::None, own)),
        ("a packet of the host to a guest", to_guest(Hook::Output, Link::None, own)),
        ("a packet from outside to a guest", to_guest(Hook::Forward, Link::Other(bridge), STRANGER.into())),
    ];
    out.chain(others.map(|(what, packet)| (what.to_owned(), packet)))
}
