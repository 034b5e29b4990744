//! Whether the host has seen all that the guest says it has sent.

use std::collections::BTreeSet;

use crate::probe::aim::{Aims, Meaning};
use crate::probe::host::{Frame, Sniffer};
use crate::probe::plan::Said;

/// Whether each packet was seen that the runner does not say it could not send, and what has to get somewhere was seen
/// there. Nothing is concluded from it but that there is nothing to wait for: a guest may say and send what it likes.
#[must_use]
pub fn all_seen(nonce: u64, aims: &Aims, sniffer: &Sniffer, said: &[Said]) -> bool {
    let run = said.iter().find_map(|said| match said {
        Said::Started { run, .. } => Some(*run),
        _ => None,
    });
    let Some(run) = run.filter(|_| said.contains(&Said::Sent)) else { return false };
    let not_sent: BTreeSet<usize> = said
        .iter()
        .filter_map(|said| match said {
            Said::NotSent { index, .. } => Some(usize::from(*index)),
            _ => None,
        })
        .collect();
    let mut sent = aims.all.iter().enumerate().filter(|(index, _)| !not_sent.contains(index));
    let is_there = sent.all(|(index, aim)| {
        let seen = sniffer.seen(nonce, run, u16::try_from(index).unwrap_or(u16::MAX));
        match aim.meaning {
            Meaning::Stop | Meaning::NotPass => !seen.frames.is_empty(),
            Meaning::Leave => seen.frames.iter().any(|frame| frame.is_leaving && Frame::was_forwarded(frame)),
            Meaning::Arrive => seen.delivered,
        }
    });
    let (from, to) = aims.plan().arp;
    is_there && (not_sent.contains(&aims.all.len()) || !sniffer.arp(from, to).is_empty())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::probe::host::{ArpRequest, HostFacts, Seen};
    use crate::probe::{Place, shot};

    const NONCE: u64 = 3;
    const RUN: u32 = 4;

    fn frame(ttl: u8, is_leaving: bool) -> Frame {
        let address = Ipv4Addr::LOCALHOST.into();
        let (source, destination) = (address, address);
        Frame { macs: None, source, destination, protocol: 6, port: 1, ttl, exact: true, is_leaving }
    }

    /// What is seen where each packet gets as far as it has to.
    fn seen(aims: &Aims) -> Vec<((u64, u32, u16), Seen)> {
        let all = aims.all.iter().enumerate().map(|(index, aim)| {
            let mut frames = vec![frame(shot::TTL, false)];
            if aim.meaning == Meaning::Leave {
                frames.push(frame(shot::TTL - 1, true));
            }
            let seen = Seen { frames, delivered: aim.meaning == Meaning::Arrive };
            ((NONCE, RUN, u16::try_from(index).unwrap()), seen)
        });
        all.collect()
    }

    #[test]
    fn it_is_waited_for_each_packet_that_was_sent() {
        let aims = Aims::new(Place::example(), &HostFacts::default());
        let (from, to) = aims.plan().arp;
        let asked = [((from, to), vec![ArpRequest::made(aims.place.mac, from, to)])];
        let said = [Said::Started { run: RUN, port: None }, Said::Sent, Said::Ended];
        let of =
            |packets: Vec<_>, said: &[Said]| all_seen(NONCE, &aims, &Sniffer::made_up(packets, asked.clone()), said);
        assert!(of(seen(&aims), &said));
        assert!(!of(seen(&aims), &said[..1]) && !of(seen(&aims), &said[1..]));
        assert!(!all_seen(NONCE, &aims, &Sniffer::made_up(seen(&aims), []), &said));
        for index in 0..aims.all.len() {
            let mut but_one = seen(&aims);
            but_one.remove(index);
            assert!(!of(but_one.clone(), &said), "{:?}", aims.all[index]);
            let not_sent = Said::NotSent { index: u16::try_from(index).unwrap(), reason: String::new() };
            assert!(of(but_one, &[said.as_slice(), &[not_sent]].concat()));
        }
    }

    #[test]
    fn what_has_to_get_somewhere_is_waited_for_until_it_is_there() {
        let said = [Said::Started { run: RUN, port: None }, Said::Sent];
        for (public, meaning) in [(true, Meaning::Leave), (false, Meaning::Arrive)] {
            let place = Place { reach: crate::probe::Reach { public, ways: Vec::new() }, ..Place::example() };
            let aims = Aims::new(place, &HostFacts::default());
            let (from, to) = aims.plan().arp;
            let asked = [((from, to), vec![ArpRequest::made(aims.place.mac, from, to)])];
            let of = |packets: Vec<_>| all_seen(NONCE, &aims, &Sniffer::made_up(packets, asked.clone()), &said);
            assert!(of(seen(&aims)), "{meaning:?}");
            let index = aims.all.iter().position(|aim| aim.meaning == meaning).unwrap();
            let mut stuck = seen(&aims);
            stuck[index].1 = Seen { frames: vec![frame(shot::TTL, false)], delivered: false };
            assert!(!of(stuck), "{meaning:?}");
        }
    }
}
