//! What became of each packet of the guest.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::NOT_ROOT;
use crate::probe::aim::{Aim, Aims, Meaning};
use crate::probe::host::{FRAMES, Frame, Seen, Sniffer};
use crate::probe::plan::ShotKind;
use crate::probe::shot::{TTL, own_ipv6};
use crate::probe::{EGRESS, NET_ALLOWED, NET_METADATA, NET_PUBLIC, NET_RESERVED, NET_RESOLVERS, Outcome, Probe};

pub(super) struct Range<'e> {
    pub(super) nonce: u64,
    pub(super) run: Option<u32>,
    pub(super) aims: &'e Aims,
    pub(super) sniffer: Option<&'e Sniffer>,
    pub(super) not_sent: BTreeMap<u16, String>,
    /// Whether the host may have missed some of it.
    pub(super) is_crowded: bool,
}

/// What became of one packet.
pub(super) enum Fate {
    /// It was seen coming in, and no more of it.
    Stopped,
    /// It was seen where it must not be.
    Went(&'static str),
    /// It was not seen coming in.
    Unknown(String),
}

impl Range<'_> {
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let mut by_probe: Vec<(&'static Probe, Vec<(&Aim, Fate)>)> = Vec::new();
        for (index, aim) in self.aims.all.iter().enumerate() {
            let fate = self.fate(u16::try_from(index).unwrap_or(u16::MAX), aim);
            match by_probe.iter_mut().find(|(probe, _)| *probe == aim.probe) {
                Some((_, fates)) => fates.push((aim, fate)),
                None => by_probe.push((aim.probe, vec![(aim, fate)])),
            }
        }
        let mut outcomes: Vec<Outcome> = by_probe.into_iter().map(|(probe, fates)| self.sum(probe, &fates)).collect();
        outcomes.push(self.arp());
        outcomes.extend(self.without_aims());
        outcomes
    }

    pub(super) fn seen(&self, index: u16) -> Result<Seen, String> {
        let sniffer = self.sniffer.ok_or(NOT_ROOT)?;
        let run = self.run.ok_or("the runner did not start")?;
        Ok(sniffer.seen(self.nonce, run, index))
    }

    /// Why a packet that was not seen somewhere may have been there all the same.
    pub(super) fn doubt(&self, index: u16) -> Option<String> {
        if let Some(reason) = self.not_sent.get(&index) {
            return Some(format!("it could not be sent: {reason}"));
        }
        self.is_crowded.then(|| "there were more packets than the host could look at".into())
    }

    fn fate(&self, index: u16, aim: &Aim) -> Fate {
        let seen = match self.seen(index) {
            Ok(seen) => seen,
            Err(reason) => return Fate::Unknown(reason),
        };
        let forwarded = seen.frames.iter().any(Frame::was_forwarded);
        let doubt = self.doubt(index);
        let or_doubt = |fate: Fate| doubt.clone().map_or(fate, Fate::Unknown);
        // A control is what a guest could want to forge: it must have come in from this guest and gone out, as planned.
        let came_in = seen.frames.iter().any(|frame| self.is_as_planned(frame, aim));
        if aim.meaning == Meaning::Leave {
            let left = came_in && seen.frames.iter().any(|frame| self.has_left(frame, aim));
            return or_doubt(if left { Fate::Went("left") } else { Fate::Stopped });
        }
        if aim.meaning == Meaning::Arrive {
            let arrived = came_in && seen.delivered;
            return or_doubt(if arrived { Fate::Went("got to the bridge") } else { Fate::Stopped });
        }
        // What was seen counts, however much was not.
        if forwarded {
            return Fate::Went("was forwarded");
        }
        if seen.delivered {
            return Fate::Went("got to the host");
        }
        if let Some(doubt) = doubt {
            return Fate::Unknown(doubt);
        }
        if seen.frames.len() >= FRAMES {
            return Fate::Unknown("it was seen too often".into());
        }
        let fresh = seen.frames.iter().filter(|frame| frame.ttl == TTL).count();
        if aim.meaning == Meaning::NotPass && fresh > 1 {
            return Fate::Went("passed the bridge");
        }
        if came_in {
            // A host that has a network for it asks there who it is, and hands on the packet when somebody says so.
            if let IpAddr::V4(to) = aim.shot.to
                && self.may_be_asked_for(aim)
                && self.sniffer.is_some_and(|sniffer| sniffer.was_asked_for(to))
            {
                return Fate::Unknown(
                    "somebody asked its network for that address: it may have been let through".into(),
                );
            }
            Fate::Stopped
        } else if seen.frames.is_empty() {
            Fate::Unknown("the host did not see it come in".into())
        } else {
            Fate::Unknown("what came in is not what was to be sent".into())
        }
    }

    /// Whether nobody asks the network for where it goes, unless it was let through. Of an address that something else is
    /// allowed to reach, that is asked anyway.
    fn may_be_asked_for(&self, aim: &Aim) -> bool {
        [NET_RESERVED, NET_METADATA, NET_RESOLVERS, NET_PUBLIC, NET_ALLOWED].contains(&aim.probe)
            && !self.aims.all.iter().any(|other| other.probe == EGRESS && other.shot.to == aim.shot.to)
    }

    /// Whether it is really the packet that the plan asks for: a guest could send another one, which gets nowhere, or which
    /// does not look forwarded when it is.
    fn is_as_planned(&self, frame: &Frame, aim: &Aim) -> bool {
        let shot = aim.shot;
        let source = IpAddr::V4(shot.source.unwrap_or(self.aims.place.address));
        let mac = if shot.other_mac { self.aims.plan().other_mac } else { self.aims.place.mac };
        is_for(frame, aim)
            && !frame.is_leaving
            && if shot.to.is_ipv6() { self.is_own_ipv6(frame.source, shot.to) } else { frame.source == source }
            && frame.macs == Some((mac, shot.hop))
            && frame.ttl == TTL
            && frame.exact
    }

    /// Whether it is the packet of the plan on its way out of the host. By then it comes from another address, and from
    /// another card.
    fn has_left(&self, frame: &Frame, aim: &Aim) -> bool {
        let is_of_guest = frame.macs.is_some_and(|(from, _)| from == self.aims.place.mac);
        is_for(frame, aim) && frame.is_leaving && frame.was_forwarded() && frame.exact && !is_of_guest
    }

    /// Whether a packet from there goes anywhere: a router takes none whose source is of a link only, or of nobody.
    fn is_own_ipv6(&self, source: IpAddr, to: IpAddr) -> bool {
        let is_local = |address: IpAddr| matches!(address, IpAddr::V6(six) if six.is_unicast_link_local());
        if is_local(to) { is_local(source) } else { source == IpAddr::V6(own_ipv6(self.nonce)) }
    }
}

/// Whether a frame has the destination of the plan, by address, protocol and port.
fn is_for(frame: &Frame, aim: &Aim) -> bool {
    let shot = aim.shot;
    let (protocol, port) = match shot.kind {
        ShotKind::Tcp(port) if shot.to.is_ipv4() => (6, port),
        ShotKind::Tcp(port) | ShotKind::Udp(port) => (17, port),
        ShotKind::Echo => (1, 0),
    };
    frame.destination == shot.to && (frame.protocol, frame.port) == (protocol, port)
}

#[cfg(test)]
#[path = "range_tests.rs"]
mod tests;
