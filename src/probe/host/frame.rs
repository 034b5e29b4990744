//! A frame with a marker, as the host saw it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::probe::plan::Mac;
use crate::probe::shot::{self, Carrier, Marker, TTL, checksum};

/// The headers of a link in front of those of the internet, at their longest: two tags of VLANs.
const LONGEST_LINK: usize = 22;

/// One sighting of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its sender and whom it is for, where the interface has hardware addresses.
    pub macs: Option<(Mac, Mac)>,
    /// The source address.
    pub source: IpAddr,
    /// The destination.
    pub destination: IpAddr,
    /// The protocol by its number.
    pub protocol: u8,
    /// The destination's port; 0 for those without.
    pub port: u16,
    /// The time to live, or hop limit.
    pub ttl: u8,
    /// Whether it is, byte by byte, the packet that is made for these addresses and this marker. One that is not may be
    /// such that it goes nowhere by itself, and shows nothing.
    pub exact: bool,
    /// Whether it was on its way out by the link on which it was seen, and not in.
    pub is_leaving: bool,
}

impl Frame {
    /// Whether the host has forwarded it.
    #[must_use]
    pub fn was_forwarded(&self) -> bool {
        self.ttl < TTL
    }

    /// The headers in front of a marker that was found at `at`. What is deeper in a frame, such as in an error that quotes a
    /// packet, or in a frame within a frame, is no sighting.
    pub(super) fn read(bytes: &[u8], marker: Marker, at: usize) -> Option<Self> {
        // IPv4 (20) with TCP (20), with UDP or an echo (8); IPv6 (40) with UDP (8).
        for (ip, inner, protocols) in [(20, 20, &[6][..]), (20, 8, &[17, 1]), (40, 8, &[17])] {
            let Some(start) = at.checked_sub(ip + inner).filter(|start| *start <= LONGEST_LINK) else { continue };
            let header = bytes.get(start..)?;
            let found = if ip == 20 { four(header, marker) } else { six(header) };
            let Some(found) = found.filter(|found| protocols.contains(&found.protocol)) else { continue };
            let kind: [u8; 2] = if ip == 20 { [8, 0] } else { [0x86, 0xdd] };
            // By another protocol's number it would be something else, which only looks like this one.
            let is_plain = start == 14 && bytes.get(12..14) == Some(&kind[..]);
            let mac = |at: usize| bytes.get(at..at + 6)?.try_into().ok();
            let macs = if is_plain { mac(6).zip(mac(0)) } else { None };
            return Some(Self { macs, ..found });
        }
        None
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn four(packet: &[u8], marker: Marker) -> Option<Frame> {
    let (&version, &protocol, &ttl) = (packet.first()?, packet.get(9)?, packet.get(8)?);
    if version != 0x45 {
        return None;
    }
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(at..at + 4)?).ok()?));
    let (source, destination) = (address(12)?, address(16)?);
    let port = if protocol == 1 { 0 } else { word(packet, 22)? };
    let carrier = match protocol {
        1 => Carrier::Echo,
        6 => Carrier::Tcp(port),
        _ => Carrier::Udp(port),
    };
    let exact = is_made(packet, &shot::packet(source, destination, carrier, marker));
    let (source, destination) = (source.into(), destination.into());
    Some(Frame { macs: None, source, destination, protocol, port, ttl, exact, is_leaving: false })
}

/// Whether a packet is the one that was made. The kernel numbers packets, and a time to live is used up on the way.
fn is_made(packet: &[u8], made: &[u8]) -> bool {
    let (Some(packet), Some(header)) = (packet.get(..made.len()), packet.get(..20)) else { return false };
    let differs = |at: usize| packet[at] != made[at] && !matches!(at, 4 | 5 | 8 | 10 | 11);
    checksum(header) == 0 && !(0..made.len()).any(differs)
}

fn six(packet: &[u8]) -> Option<Frame> {
    let (&version, &protocol, &ttl) = (packet.first()?, packet.get(6)?, packet.get(7)?);
    if version & 0xf0 != 0x60 {
        return None;
    }
    let address = |at: usize| Some(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(packet.get(at..at + 16)?).ok()?)));
    let length = u16::try_from(8 + shot::LENGTH).unwrap_or(u16::MAX);
    // Its sum is not looked at, because the kernel leaves that to the card.
    let is_whole = packet.len() >= 40 + usize::from(length);
    let exact = is_whole && word(packet, 4) == Some(length) && word(packet, 44) == Some(length);
    let (source, destination, port) = (address(8)?, address(24)?, word(packet, 42)?);
    Some(Frame { macs: None, source, destination, protocol, port, ttl, exact, is_leaving: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: Marker = Marker { nonce: 1, run: 2, index: 3 };
    const LINK: [u8; 14] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];

    fn made(carrier: Carrier) -> Vec<u8> {
        shot::packet(Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1), carrier, MARKER)
    }

    fn read(bytes: &[u8]) -> Option<Frame> {
        let (marker, at) = Marker::find(bytes)?;
        Frame::read(bytes, marker, at)
    }

    #[test]
    fn a_frame_is_read() {
        for (carrier, protocol, port) in [(Carrier::Tcp(80), 6, 80), (Carrier::Udp(53), 17, 53), (Carrier::Echo, 1, 0)]
        {
            let packet = made(carrier);
            let frame = Frame {
                macs: Some(([2; 6], [1; 6])),
                source: Ipv4Addr::new(10, 0, 0, 2).into(),
                destination: Ipv4Addr::new(10, 0, 0, 1).into(),
                protocol,
                port,
                ttl: TTL,
                exact: true,
                is_leaving: false,
            };
            assert_eq!(read(&[&LINK[..], &packet].concat()), Some(frame));
            assert_eq!(read(&packet), Some(Frame { macs: None, ..frame }));
            assert!(!frame.was_forwarded());
        }
        assert_eq!(Frame::read(&[0; 64], MARKER, 50), None);
    }

    #[test]
    fn a_packet_that_goes_nowhere_is_not_the_one_that_was_made() {
        for carrier in [Carrier::Tcp(80), Carrier::Udp(53), Carrier::Echo] {
            let good = made(carrier);
            // Anywhere: a wrong sum, a fragment, other flags, an address that was not summed.
            for at in (1..good.len()).filter(|at| !(good.len() - shot::LENGTH..).contains(at)) {
                let mut bad = good.clone();
                bad[at] ^= 1;
                assert!(read(&bad).is_none_or(|frame| !frame.exact), "{carrier:?}, byte {at}");
            }
            assert!(read(&good[..good.len() - 1]).is_none_or(|frame| !frame.exact));
            // The kernel's number and what was used up, with the sum that belongs to it.
            let mut forwarded = good.clone();
            (forwarded[5], forwarded[8]) = (7, TTL - 1);
            (forwarded[10], forwarded[11]) = (0, 0);
            let sum = checksum(&forwarded[..20]).to_be_bytes();
            forwarded[10..12].copy_from_slice(&sum);
            assert!(read(&forwarded).is_some_and(|frame| frame.exact && frame.was_forwarded()));
        }
    }

    #[test]
    fn other_flags_with_the_right_sum_are_another_packet() {
        // An answer without a question: connection tracking calls it invalid, and firewalls drop it.
        let mut bytes = made(Carrier::Tcp(80));
        let (sum, flags) = (word(&bytes, 36).unwrap(), 0x10);
        let sum = sum.wrapping_add(u16::from(bytes[33])).wrapping_sub(flags);
        bytes[33] = 0x10;
        bytes[36..38].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(read(&bytes).map(|frame| frame.exact), Some(false));
    }

    #[test]
    fn a_frame_within_a_frame_is_none_of_this_guest() {
        let inner = [&LINK[..], &made(Carrier::Tcp(80))].concat();
        // Of a protocol that nobody knows: it goes nowhere, and what is in it looks right.
        for outer in [&[9; 14][..], &[9; 4], &[9; 8]] {
            assert_eq!(read(&[outer, &inner].concat()).and_then(|frame| frame.macs), None);
        }
        let mut unknown = inner;
        unknown[12] = 0x88;
        assert_eq!(read(&unknown).and_then(|frame| frame.macs), None);
        // An error that quotes the packet, after the host counted it down: nothing was forwarded.
        let mut quoted = made(Carrier::Udp(9));
        quoted[8] = TTL - 1;
        assert_eq!(read(&[&LINK[..], &[0; 28], &quoted].concat()), None);
    }
}
