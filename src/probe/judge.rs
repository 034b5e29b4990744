//! What came of the probes: what the host saw, and what the guest said, put together. What neither knows is not known.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::aim::{Aim, Aims, Meaning, Uplink};
use super::host::{FRAMES, Frame, Knocked, Reach, Seen, Sniffer};
use super::plan::{Said, ShotKind};
use super::shot::{TTL, own_ipv6};
use super::{
    ALL, EGRESS, Group, NET_ALLOWED, NET_ARP, NET_LAN, NET_METADATA, NET_PUBLIC, NET_RESERVED, NET_RESOLVERS,
    NET_SIBLING, Outcome, Probe, Set, Verdict, Witness,
};
use crate::ranges::not_public;

/// All that is known of the probes in one guest.
#[derive(Debug)]
pub struct Evidence<'e> {
    /// The number of the proof.
    pub nonce: u64,
    /// What was sent; or why nothing was.
    pub aims: Result<&'e Aims, String>,
    /// What the host saw of it; `None` where it could not look.
    pub sniffer: Option<&'e Sniffer>,
    /// What was sent to the guest; `None` where nothing was.
    pub knocked: Option<&'e Knocked>,
    /// What the runner said.
    pub said: Vec<Said>,
    /// Why the runner did not get to its end.
    pub broken: Option<String>,
    /// What was seen from the host alone.
    pub outcomes: Vec<Outcome>,
}

const NOT_ROOT: &str = "the host did not look: only root may see its packets";

/// The outcomes of all probes, in their order. There is exactly one of each that is run in this set.
#[must_use]
pub fn judge(evidence: Evidence<'_>, set: Set) -> Vec<Outcome> {
    let Evidence { nonce, aims, sniffer, knocked, said, broken, outcomes } = evidence;
    let mut found: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        found.entry(outcome.probe.id).or_default().push(outcome);
    }
    let ended = said.last() == Some(&Said::Ended) && broken.is_none();
    // Where the public internet is open, or nothing is allowed, there is nothing to be tried.
    let is_tried = |probe: &Probe| {
        probe.is_for_all() || aims.as_ref().map_or(true, |aims| aims.all.iter().any(|aim| aim.probe == probe))
    };
    let tried: Vec<&'static Probe> = ALL.iter().copied().filter(|probe| is_tried(probe)).collect();
    let why = match broken {
        Some(why) => why,
        None if ended => "it said nothing".into(),
        None => "the guest went silent".into(),
    };
    let answers = answers(&said);
    // Where the guest sees a part of it, what the host saw is not all.
    let is_asked = |probe: &Probe| probe != EGRESS || aims.as_ref().is_ok_and(|aims| aims.place.control.is_some());
    for probe in ALL.iter().filter(|probe| probe.witness == Witness::Both && is_asked(probe)) {
        if !answers.iter().any(|answer| answer.probe == *probe) {
            found.entry(probe.id).or_default().push(Outcome::could_not_tell(probe, "", &why));
        }
    }
    for outcome in answers {
        found.entry(outcome.probe.id).or_default().push(outcome);
    }
    let inbound = inbound(knocked, sniffer);
    found.entry(inbound.probe.id).or_default().push(inbound);
    match aims {
        Ok(aims) => {
            let run = said.iter().find_map(|said| match said {
                Said::Started { run, .. } => Some(*run),
                _ => None,
            });
            let not_sent = said.iter().filter_map(|said| match said {
                Said::NotSent { index, reason } => Some((*index, reason.clone())),
                _ => None,
            });
            let range = Range { nonce, run, aims, sniffer, not_sent: not_sent.collect() };
            for outcome in range.outcomes() {
                found.entry(outcome.probe.id).or_default().push(outcome);
            }
        }
        Err(reason) => {
            for probe in ALL.iter().filter(|probe| matches!(probe.group, Group::Network | Group::Controls)) {
                found.entry(probe.id).or_default().push(Outcome::could_not_tell(probe, "", &reason));
            }
        }
    }
    let wanted = tried.into_iter().filter(|probe| set == Set::Full || probe.set == Set::Quick);
    wanted.map(|probe| merge(probe, found.remove(probe.id).unwrap_or_default(), &why)).collect()
}

/// What the runner said of probes, where it is a witness: a guest may say that it got out, but not that it did not where the
/// host looks. An answer that comes twice is none: somebody else speaks, too.
fn answers(said: &[Said]) -> Vec<Outcome> {
    let mut found: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for said in said {
        let Said::Answer { probe, verdict, tried, came_back, millis } = said else { continue };
        let Some(probe) = Probe::find(probe) else { continue };
        if probe.witness == Witness::Host && *verdict != Verdict::NotContained {
            continue;
        }
        found.entry(probe.id).or_default().push(Outcome::new(probe, *verdict, tried, came_back).took(*millis));
    }
    let one = |mut all: Vec<Outcome>| {
        let open = all.iter().position(|outcome| outcome.verdict == Verdict::NotContained);
        let said = all.swap_remove(open.unwrap_or(0));
        if all.is_empty() || open.is_some() {
            return said;
        }
        Outcome::could_not_tell(said.probe, said.tried, "it was answered more than once")
    };
    found.into_values().map(one).collect()
}

/// One outcome of several: the worst, with what all of them say.
fn merge(probe: &'static Probe, mut all: Vec<Outcome>, why: &str) -> Outcome {
    all.sort_by_key(|outcome| std::cmp::Reverse(outcome.verdict));
    let Some(worst) = all.first().cloned() else { return Outcome::could_not_tell(probe, "", why) };
    let join = |field: fn(&Outcome) -> &str| {
        let same = all.iter().filter(|outcome| outcome.verdict == worst.verdict).map(field);
        let mut parts: Vec<&str> = same.filter(|part| !part.is_empty()).collect();
        parts.dedup();
        parts.join("; ")
    };
    let millis = all.iter().fold(0, |sum: u64, outcome| sum.saturating_add(outcome.millis));
    Outcome::new(probe, worst.verdict, join(|outcome| &outcome.tried), join(|outcome| &outcome.came_back)).took(millis)
}

struct Range<'e> {
    nonce: u64,
    run: Option<u32>,
    aims: &'e Aims,
    sniffer: Option<&'e Sniffer>,
    not_sent: BTreeMap<u16, String>,
}

/// What became of one packet.
enum Fate {
    /// It was seen coming in, and no more of it.
    Stopped,
    /// It was seen where it must not be.
    Went(&'static str),
    /// It was not seen coming in.
    Unknown(String),
}

impl Range<'_> {
    fn outcomes(&self) -> Vec<Outcome> {
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

    fn seen(&self, index: u16) -> Result<Seen, String> {
        let sniffer = self.sniffer.ok_or(NOT_ROOT)?;
        let run = self.run.ok_or("the runner did not start")?;
        Ok(sniffer.seen(self.nonce, run, index))
    }

    /// Why a packet that was not seen somewhere may have been there all the same.
    fn doubt(&self, index: u16) -> Option<String> {
        if let Some(reason) = self.not_sent.get(&index) {
            return Some(format!("it could not be sent: {reason}"));
        }
        let crowded = self.sniffer.is_some_and(Sniffer::is_crowded);
        crowded.then(|| "there were more packets than the host could look at".into())
    }

    fn fate(&self, index: u16, aim: &Aim) -> Fate {
        let seen = match self.seen(index) {
            Ok(seen) => seen,
            Err(reason) => return Fate::Unknown(reason),
        };
        let forwarded = seen.frames.iter().any(Frame::was_forwarded);
        let doubt = self.doubt(index);
        let or_doubt = |fate: Fate| doubt.clone().map_or(fate, Fate::Unknown);
        if aim.meaning == Meaning::Leave {
            return or_doubt(if forwarded { Fate::Went("left") } else { Fate::Stopped });
        }
        if aim.meaning == Meaning::Arrive {
            return or_doubt(if seen.delivered { Fate::Went("got to the bridge") } else { Fate::Stopped });
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
        if seen.frames.iter().any(|frame| self.is_as_planned(frame, aim)) {
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
        let (protocol, port) = match shot.kind {
            ShotKind::Tcp(port) if shot.to.is_ipv4() => (6, port),
            ShotKind::Tcp(port) | ShotKind::Udp(port) => (17, port),
            ShotKind::Echo => (1, 0),
        };
        let source = IpAddr::V4(shot.source.unwrap_or(self.aims.place.address));
        let mac = if shot.other_mac { self.aims.plan().other_mac } else { self.aims.place.mac };
        frame.destination == shot.to
            && (frame.protocol, frame.port) == (protocol, port)
            && if shot.to.is_ipv6() { self.is_own_ipv6(frame.source, shot.to) } else { frame.source == source }
            && frame.macs == Some((mac, shot.hop))
            && frame.ttl == TTL
            && frame.exact
    }

    /// Whether a packet from there goes anywhere: a router takes none whose source is of a link only, or of nobody.
    fn is_own_ipv6(&self, source: IpAddr, to: IpAddr) -> bool {
        let is_local = |address: IpAddr| matches!(address, IpAddr::V6(six) if six.is_unicast_link_local());
        if is_local(to) { is_local(source) } else { source == IpAddr::V6(own_ipv6(self.nonce)) }
    }

    fn sum(&self, probe: &'static Probe, fates: &[(&Aim, Fate)]) -> Outcome {
        let tried = summary(fates.iter().map(|(aim, _)| &*aim.what));
        if probe == EGRESS {
            return control(tried, fates);
        }
        let went: Vec<String> = fates
            .iter()
            .filter_map(|(aim, fate)| match fate {
                Fate::Went(how) => Some(format!("{} {how}", aim.what)),
                _ => None,
            })
            .collect();
        if !went.is_empty() {
            return Outcome::not_contained(probe, tried, summary(went.iter().map(String::as_str)));
        }
        let unknown = fates.iter().filter_map(|(aim, fate)| match fate {
            Fate::Unknown(why) => Some(format!("{}: {why}", aim.what)),
            _ => None,
        });
        let unknown: Vec<String> = unknown.collect();
        if let Some(first) = unknown.first() {
            let said = format!("{} of {} packets are not accounted for; {first}", unknown.len(), fates.len());
            return Outcome::could_not_tell(probe, tried, said);
        }
        let count = fates.len();
        let is_public =
            |(aim, _): &(&Aim, Fate)| matches!(aim.shot.to, IpAddr::V4(to) if not_public(to.into()).is_none());
        if [NET_RESERVED, NET_METADATA, NET_RESOLVERS, NET_PUBLIC].contains(&probe)
            || probe == NET_ALLOWED && fates.iter().any(is_public)
        {
            match self.aims.uplink {
                Uplink::Ready => {}
                Uplink::None => {
                    return Outcome::contained(
                        probe,
                        tried,
                        format!("{count} packets came in; the host has no way on"),
                    );
                }
                Uplink::Silent => {
                    return Outcome::could_not_tell(probe, tried, "the host's own gateway does not answer it");
                }
            }
        }
        Outcome::contained(probe, tried, format!("{count} packets came in and went no further"))
    }

    fn arp(&self) -> Outcome {
        let (from, to) = self.aims.plan().arp;
        let tried = format!("who has {to}? tell {from}");
        let index = u16::try_from(self.aims.all.len()).unwrap_or(u16::MAX);
        if let Err(reason) = self.seen(index) {
            return Outcome::could_not_tell(NET_ARP, tried, reason);
        }
        let seen = self.sniffer.map_or(0, |sniffer| sniffer.arp(from, to));
        if let Some(doubt) = self.doubt(index).filter(|_| seen < 2) {
            return Outcome::could_not_tell(NET_ARP, tried, doubt);
        }
        match seen {
            0 => Outcome::could_not_tell(NET_ARP, tried, "the host did not see it come in"),
            1 => Outcome::contained(NET_ARP, tried, "it came in and went no further"),
            _ => Outcome::not_contained(NET_ARP, tried, "it passed the bridge"),
        }
    }

    /// What is to be said where there is nothing to shoot at.
    fn without_aims(&self) -> Vec<Outcome> {
        let has = |probe: &'static Probe| self.aims.all.iter().any(|aim| aim.probe == probe);
        let mut outcomes = Vec::new();
        if !has(NET_LAN) {
            let said = "the host knows no neighbour that answers it";
            outcomes.push(Outcome::could_not_tell(NET_LAN, "the host's neighbours and gateways", said));
        }
        // Where the host's firewall looks at bridged packets, too, it may stop those that were sent. Other frames it lets by.
        let tried = "the ports of the bridge, by the host's kernel";
        let place = &self.aims.place;
        outcomes.push(match (place.isolated, place.open_ports.as_ref()) {
            (Some(false), _) => Outcome::not_contained(NET_SIBLING, tried, "the port is not isolated"),
            // Isolated ports are kept apart from each other, and from no other.
            (Some(true), Some(open)) if !open.is_empty() => {
                let said = format!("the bridge has ports that are not isolated: {}", open.join(", "));
                Outcome::not_contained(NET_SIBLING, tried, said)
            }
            (Some(true), Some(_)) => {
                Outcome::contained(NET_SIBLING, tried, "the port is isolated, and so is any other")
            }
            _ => Outcome::could_not_tell(NET_SIBLING, tried, "the kernel does not say which ports are isolated"),
        });
        outcomes
    }
}

/// What must be reached. One of several is enough to show that the network is alive.
fn control(tried: String, fates: &[(&Aim, Fate)]) -> Outcome {
    let not: Vec<&str> =
        fates.iter().filter(|(_, fate)| !matches!(fate, Fate::Went(_))).map(|(aim, _)| &*aim.what).collect();
    let unknown = fates.iter().find_map(|(_, fate)| match fate {
        Fate::Unknown(why) => Some(why),
        _ => None,
    });
    let is_sealed = fates.iter().any(|(aim, _)| aim.meaning == Meaning::Arrive);
    let came_back = match (is_sealed, fates.len() - not.len(), unknown) {
        (true, 1.., _) => "nothing is allowed; it got as far as to the bridge".into(),
        (false, went @ 1.., _) if not.is_empty() => match went {
            1 => "it was seen leaving the host".into(),
            went => format!("all {went} were seen leaving the host"),
        },
        (false, 1.., _) => format!("seen leaving the host, but not {}", summary(not.into_iter())),
        (_, _, Some(why)) => return Outcome::could_not_tell(EGRESS, tried, why),
        (true, ..) => return Outcome::could_not_tell(EGRESS, tried, "the host did not take it in"),
        (false, ..) => {
            return Outcome::could_not_tell(EGRESS, tried, "it did not leave the host; name an address with --control");
        }
    };
    Outcome::contained(EGRESS, tried, came_back)
}

/// What became of the packets that were sent to the guest.
fn inbound(knocked: Option<&Knocked>, sniffer: Option<&Sniffer>) -> Outcome {
    let probe = super::NET_INBOUND;
    let (Some(knocked), Some(sniffer)) = (knocked, sniffer) else {
        let why = if sniffer.is_some() { "nothing was sent to the guest" } else { NOT_ROOT };
        return Outcome::could_not_tell(probe, "", why);
    };
    let reached = knocked.reached(sniffer);
    let tried = summary(reached.iter().map(|(what, _)| &**what));
    let card = reached.iter().filter(|(_, reach)| *reach == Reach::Card).map(|(what, _)| format!("{what} got to it"));
    let card: Vec<String> = card.collect();
    if !card.is_empty() {
        return Outcome::not_contained(probe, tried, summary(card.iter().map(String::as_str)));
    }
    let unknown = reached.iter().find_map(|(what, reach)| match reach {
        Reach::Unknown(why) => Some(format!("{what}: {why}")),
        _ => None,
    });
    match unknown {
        Some(why) => Outcome::could_not_tell(probe, tried, why),
        None => Outcome::contained(probe, tried, format!("{} packets did not get to its card", reached.len())),
    }
}

/// A few of them, and how many there are.
fn summary<'t>(all: impl Iterator<Item = &'t str>) -> String {
    const SHOWN: usize = 4;
    let all: Vec<&str> = all.collect();
    let shown = all.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
