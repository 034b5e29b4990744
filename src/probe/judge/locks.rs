//! Whether each of the two firewalls stops what it has to, had it to do so alone.

use std::net::{IpAddr, Ipv4Addr};

use super::summary;
use crate::cloud_init::DEFAULT_PORT;
use crate::fence::{Fate, Hook, Link, Packet, Protocol};
use crate::probe::aim::{Aim, Aims, Meaning};
use crate::probe::locks::{Lock, Locks};
use crate::probe::plan::ShotKind;
use crate::probe::shot::own_ipv6;
use crate::probe::{NET_ACL, NET_FENCE, NET_MAC, NET_SIBLING, NET_SOURCE, Outcome, Probe};

/// Somebody in the host's network: what is asked is whether guests are reached from there, and by nobody in particular.
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(198, 18, 112, 2);
/// Where packets of somebody come from, for rules that look at it.
const FROM: u16 = 20_000;

/// What both say, of the packets of the proof with this number.
pub(super) fn locks(locks: &Locks, aims: &Aims, nonce: u64) -> [Outcome; 2] {
    [(NET_ACL, &locks.acl), (NET_FENCE, &locks.fence)].map(|(probe, lock)| match lock {
        Ok(lock) => one(probe, lock, aims, nonce),
        Err(why) => Outcome::could_not_tell(probe, "", why),
    })
}

fn one(probe: &'static Probe, lock: &Lock, aims: &Aims, nonce: u64) -> Outcome {
    let packets: Vec<(String, Packet<'_>)> =
        aims.all.iter().filter_map(|aim| packet(aim, aims, nonce)).chain(knocks(aims)).collect();
    let tried = format!("{} packets, by the rules of {} that the kernel has", packets.len(), lock.name);
    let Some(rules) = &lock.rules else {
        return Outcome::not_contained(probe, tried, "one of the two locks is open: there is no such table");
    };
    let (mut pass, mut unknown) = (Vec::new(), None);
    for (what, packet) in &packets {
        match rules.fate(packet) {
            Fate::Stopped => {}
            Fate::Passes => pass.push(what.as_str()),
            Fate::Unknown(rule) => unknown = Some((what, rule)),
        }
    }
    if !pass.is_empty() {
        let said =
            format!("one of the two locks is open: it lets {} through: {}", pass.len(), summary(pass.into_iter()));
        return Outcome::not_contained(probe, tried, said);
    }
    match (unknown, &lock.difference) {
        (Some((what, rule)), _) => {
            Outcome::could_not_tell(probe, tried, format!("{what}: a rule is not understood: {rule}"))
        }
        (None, Some(difference)) => {
            let said = format!("it stops them, and is not as it has to be: {difference}; `podclaw init` puts it right");
            Outcome::could_not_tell(probe, tried, said)
        }
        (None, None) => Outcome::contained(probe, tried, "it alone stops them"),
    }
}

/// What a guest sends and must not get through. Whether it may pose as another one is not for these firewalls to say, nor
/// whether it reaches another port of the bridge.
fn packet<'a>(aim: &Aim, aims: &'a Aims, nonce: u64) -> Option<(String, Packet<'a>)> {
    if aim.meaning != Meaning::Stop || [NET_SIBLING, NET_MAC, NET_SOURCE].contains(&aim.probe) {
        return None;
    }
    let bridge = &aims.place.bridge;
    let is_own = aims.own.contains(&aim.shot.to);
    let protocol = match aim.shot.kind {
        ShotKind::Tcp(to) => Protocol::Tcp { from: FROM, to },
        ShotKind::Udp(to) => Protocol::Udp { from: FROM, to },
        ShotKind::Echo => Protocol::Echo,
    };
    let source = if aim.shot.to.is_ipv4() { aims.place.address.into() } else { own_ipv6(nonce).into() };
    let packet = Packet {
        hook: if is_own { Hook::Input } else { Hook::Forward },
        from: Link::Bridge(bridge),
        to: if is_own { Link::None } else { Link::Other(bridge) },
        source,
        destination: aim.shot.to,
        protocol,
    };
    Some((aim.what.clone(), packet))
}

/// What the host and its network send to a guest.
fn knocks(aims: &Aims) -> impl Iterator<Item = (String, Packet<'_>)> {
    let place = &aims.place;
    let ways = [
        ("from the host", Hook::Output, Link::None, place.gateway),
        ("from its network", Hook::Forward, Link::Other(&place.bridge), NEIGHBOUR),
    ];
    let kinds = [
        (format!("TCP {DEFAULT_PORT}"), Protocol::Tcp { from: FROM, to: DEFAULT_PORT }),
        ("UDP 9".to_owned(), Protocol::Udp { from: FROM, to: 9 }),
        ("an echo".to_owned(), Protocol::Echo),
    ];
    ways.into_iter().flat_map(move |(whence, hook, from, source)| {
        let to = Link::Bridge(&place.bridge);
        let (source, destination) = (IpAddr::V4(source), IpAddr::V4(place.address));
        let kinds = kinds.clone().into_iter();
        kinds.map(move |(kind, protocol)| {
            (format!("{kind} {whence}"), Packet { hook, from, to, source, destination, protocol })
        })
    })
}

#[cfg(test)]
#[path = "locks_tests.rs"]
mod tests;
