//! A packet that can be recognised wherever it turns up: each carries a number of its proof, of its run and its own.

use std::net::{Ipv4Addr, Ipv6Addr};

/// How each marker starts.
const MAGIC: [u8; 8] = *b"pOdClAw!";

/// The time to live that packets are sent with. One that was forwarded has less.
pub(super) const TTL: u8 = 64;

/// What a marker looks like on the wire, in bytes.
pub(super) const LENGTH: usize = MAGIC.len() + 8 + 4 + 2;

/// Which packet it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Marker {
    /// The number of the proof.
    pub(super) nonce: u64,
    /// The number of the run. The daemon may lose a command that runs all the same, and then there are two.
    pub(super) run: u32,
    /// The number of the packet in its run.
    pub(super) index: u16,
}

impl Marker {
    pub(super) fn bytes(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.nonce.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.run.to_be_bytes());
        bytes[20..22].copy_from_slice(&self.index.to_be_bytes());
        bytes
    }

    /// The marker in a frame or packet, and where in it.
    pub(super) fn find(bytes: &[u8]) -> Option<(Self, usize)> {
        let at = bytes.windows(LENGTH).position(|window| window.starts_with(&MAGIC))?;
        let found = bytes.get(at..at + LENGTH)?;
        let nonce = u64::from_be_bytes(found.get(8..16)?.try_into().ok()?);
        let run = u32::from_be_bytes(found.get(16..20)?.try_into().ok()?);
        let index = u16::from_be_bytes(found.get(20..22)?.try_into().ok()?);
        Some((Self { nonce, run, index }, at))
    }
}

/// The address that a packet over IPv6 comes from which is to be routed: one of nobody's, and another one in each proof.
pub(super) fn own_ipv6(nonce: u64) -> Ipv6Addr {
    Ipv6Addr::from((0xfd70_6f64_636c_6177 << 64) | u128::from(nonce))
}

/// What carries a marker over IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// The first packet of a connection to this port.
    Tcp(u16),
    /// A datagram to this port.
    Udp(u16),
    /// A request for an echo.
    Echo,
    /// A datagram to this port from where a lab gives out addresses, which the firewalls of a lab let through to guests.
    Lease(u16),
}

/// A whole IPv4 packet with a marker in it.
pub(super) fn packet(source: Ipv4Addr, destination: Ipv4Addr, carrier: Carrier, marker: Marker) -> Vec<u8> {
    let (protocol, mut inner) = match carrier {
        Carrier::Echo => {
            let [high, low] = source_port(marker).to_be_bytes();
            (1, vec![8, 0, 0, 0, high, low, 0, 1])
        }
        Carrier::Udp(port) | Carrier::Lease(port) => {
            let length = u16::try_from(8 + LENGTH).unwrap_or(u16::MAX);
            let from = if carrier == Carrier::Lease(port) { DHCP } else { source_port(marker) };
            let fields = [from, port, length, 0];
            (17, fields.iter().flat_map(|field| field.to_be_bytes()).collect())
        }
        Carrier::Tcp(port) => {
            let mut header = Vec::with_capacity(20);
            header.extend(source_port(marker).to_be_bytes());
            header.extend(port.to_be_bytes());
            header.extend(marker.run.to_be_bytes());
            header.extend([0, 0, 0, 0]);
            // Five words of header, the SYN flag, the window, no checksum yet, nothing urgent.
            header.extend([5 << 4, 2, 0x10, 0, 0, 0, 0, 0]);
            (6, header)
        }
    };
    inner.extend(marker.bytes());
    // All but an echo are summed with the addresses.
    let sum = if protocol == 1 {
        checksum(&inner)
    } else {
        let mut with_addresses = source.octets().to_vec();
        with_addresses.extend(destination.octets());
        with_addresses.extend([0, protocol]);
        with_addresses.extend(u16::try_from(inner.len()).unwrap_or(0).to_be_bytes());
        with_addresses.extend(&inner);
        checksum(&with_addresses)
    };
    let at = match protocol {
        1 => 2,
        6 => 16,
        _ => 6,
    };
    inner[at..at + 2].copy_from_slice(&sum.to_be_bytes());

    let length = u16::try_from(20 + inner.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 0, 0, 0, TTL, protocol, 0, 0];
    packet.extend(source.octets());
    packet.extend(destination.octets());
    let sum = checksum(&packet).to_be_bytes();
    packet[10..12].copy_from_slice(&sum);
    packet.extend(inner);
    packet
}

/// The port of who gives out addresses.
const DHCP: u16 = 67;

/// Another one for each packet, so that the host's connection tracking takes none for another.
fn source_port(marker: Marker) -> u16 {
    let mixed = marker.run ^ u32::from(marker.index).wrapping_mul(0x9e37);
    20_000 + u16::try_from(mixed % 20_000).unwrap_or(0)
}

/// The internet checksum.
pub(super) fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u32::from(low));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_again() {
        let marker = Marker { nonce: 0x0102_0304_0506_0708, run: 9, index: 515 };
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1));
        for (carrier, header) in [(Carrier::Echo, 28), (Carrier::Udp(53), 28), (Carrier::Tcp(80), 40)] {
            let packet = packet(from, to, carrier, marker);
            assert_eq!(Marker::find(&packet), Some((marker, header)));
            assert_eq!(checksum(&packet[..20]), 0, "the header's checksum");
        }
        assert_eq!(Marker::find(b"pOdClAw!too short"), None);
    }

    #[test]
    fn checksums_are_those_of_the_internet() {
        // An example of RFC 1071.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[0xff]), !0xff00);
    }
}
