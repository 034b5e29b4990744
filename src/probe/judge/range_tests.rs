//! What a hostile guest could send in place of what it is told to.

use std::net::Ipv4Addr;

use super::*;
use crate::probe::host::{ArpRequest, HostFacts};
use crate::probe::plan::Mac;
use crate::probe::{NET_ARP, Place, Verdict};

const NONCE: u64 = 7;
const RUN: u32 = 9;
const UPLINK: Mac = [0x0a; 6];

fn aims() -> Aims {
    Aims::new(Place::example(), &HostFacts::default())
}

fn outcome(aims: &Aims, sniffer: &Sniffer, probe: &'static Probe) -> Outcome {
    let range = Range {
        nonce: NONCE,
        run: Some(RUN),
        aims,
        sniffer: Some(sniffer),
        not_sent: BTreeMap::new(),
        is_crowded: false,
    };
    range.outcomes().into_iter().find(|outcome| outcome.probe == probe).unwrap()
}

/// The control as it comes in, and as it leaves.
fn came_and_left() -> [Frame; 2] {
    let Place { mac, bridge_mac, address, .. } = Place::example();
    let came = Frame {
        macs: Some((mac, bridge_mac)),
        source: address.into(),
        destination: Ipv4Addr::new(1, 1, 1, 1).into(),
        protocol: 6,
        port: 443,
        ttl: TTL,
        exact: true,
        is_leaving: false,
    };
    let source = Ipv4Addr::new(192, 0, 2, 7).into();
    [came, Frame { macs: Some((UPLINK, [0x0b; 6])), source, ttl: TTL - 1, is_leaving: true, ..came }]
}

fn control(frames: &[Frame]) -> Verdict {
    let aims = aims();
    let index = aims.all.iter().position(|aim| aim.probe == EGRESS).unwrap();
    let number = (NONCE, RUN, u16::try_from(index).unwrap());
    let sniffer = Sniffer::made_up([(number, Seen { frames: frames.to_vec(), delivered: true })], []);
    outcome(&aims, &sniffer, EGRESS).verdict
}

#[test]
fn the_control_must_come_from_the_guest_and_leave_the_host() {
    let [came, left] = came_and_left();
    assert_eq!(control(&[came, left]), Verdict::Contained);
    // Where a link has no hardware addresses.
    assert_eq!(control(&[came, Frame { macs: None, ..left }]), Verdict::Contained);
    for forged in [
        // The guest counts it down itself.
        vec![came, Frame { ttl: TTL - 1, ..came }],
        vec![came, Frame { is_leaving: false, ..left }],
        vec![came],
        vec![left],
        vec![Frame { ttl: TTL - 1, ..came }, left],
        // It goes to another card of the bridge, as the guest sent it.
        vec![came, Frame { macs: came.macs, ..left }],
        // Another packet with the same marker.
        vec![came, Frame { destination: Ipv4Addr::new(1, 1, 1, 2).into(), ..left }],
        vec![came, Frame { port: 444, ..left }],
        vec![came, Frame { protocol: 17, ..left }],
        vec![came, Frame { exact: false, ..left }],
        vec![came, Frame { ttl: TTL, ..left }],
        // It comes from another card than the guest's.
        vec![Frame { macs: Some((UPLINK, Place::example().bridge_mac)), ..came }, left],
    ] {
        assert_eq!(control(&forged), Verdict::CouldNotTell, "{forged:?}");
    }
}

#[test]
fn what_a_dead_way_keeps_off_is_not_contained() {
    let public = |routes: crate::probe::host::Routes| {
        let host = HostFacts { routes, ..HostFacts::default() };
        let place = Place { reach: crate::probe::Reach::default(), ..Place::example() };
        let aims = Aims::new(place, &host);
        // All of it came in, as planned, and was seen nowhere else.
        let came = |index: usize| -> Option<((u64, u32, u16), Seen)> {
            let aim = &aims.all[index];
            let (protocol, port) = match aim.shot.kind {
                ShotKind::Tcp(port) => (6, port),
                ShotKind::Udp(port) => (17, port),
                ShotKind::Echo => (1, 0),
            };
            let [came, _] = came_and_left();
            let frame = Frame { destination: aim.shot.to, protocol, port, ..came };
            Some(((NONCE, RUN, u16::try_from(index).ok()?), Seen { frames: vec![frame], delivered: false }))
        };
        let sniffer = Sniffer::made_up((0..aims.all.len()).filter_map(came), []);
        outcome(&aims, &sniffer, NET_PUBLIC).verdict
    };
    assert_eq!(public(crate::probe::host::Routes::made_up(true)), Verdict::Contained);
    assert_eq!(public(crate::probe::host::Routes::made_up(false)), Verdict::CouldNotTell);
}

fn arp(requests: Vec<ArpRequest>) -> Verdict {
    let aims = aims();
    let sniffer = Sniffer::made_up([], [(aims.plan().arp, requests)]);
    outcome(&aims, &sniffer, NET_ARP).verdict
}

#[test]
fn a_request_is_judged_by_all_that_stands_in_it() {
    let (from, to) = aims().plan().arp;
    let own = ArpRequest::made(Place::example().mac, from, to);
    assert_eq!(arp(vec![own]), Verdict::Contained);
    assert_eq!(arp(vec![]), Verdict::CouldNotTell);
    // From another card it is kept off by what keeps off other cards: that shows nothing of this.
    let forged = ArpRequest::made(UPLINK, from, to);
    assert_eq!(arp(vec![forged]), Verdict::CouldNotTell);
    // But with whatever card it gets further, it did.
    let out = |request: ArpRequest| ArpRequest { is_leaving: true, ..request };
    for passed in [vec![own, own], vec![own, forged], vec![own, out(forged)], vec![out(own)], vec![forged, out(own)]] {
        assert_eq!(arp(passed.clone()), Verdict::NotContained, "{passed:?}");
    }
}
