//! Who asks for whose hardware address, as the host saw it.

use std::net::Ipv4Addr;

use crate::probe::plan::Mac;

/// A request of ARP, as the host saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArpRequest {
    /// The whole of it.
    pub(in crate::probe) bytes: [u8; Self::LENGTH],
    /// Whether it was on its way out by the link on which it was seen, and not in.
    pub is_leaving: bool,
}

impl ArpRequest {
    const LENGTH: usize = 42;

    /// What a frame asks, and who and whom it is about. However odd the rest of it is, it is a request.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, (Ipv4Addr, Ipv4Addr))> {
        let bytes: [u8; Self::LENGTH] = bytes.get(..Self::LENGTH)?.try_into().ok()?;
        let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
        let is_request = bytes[12..14] == [8, 6] && bytes[20..22] == [0, 1];
        let pair = (address(28)?, address(38)?);
        is_request.then_some((Self { bytes, is_leaving: false }, pair))
    }

    /// The request that a card with this hardware address sends.
    pub(crate) fn made(mac: Mac, from: Ipv4Addr, to: Ipv4Addr) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes[..6].fill(0xff);
        bytes[6..12].copy_from_slice(&mac);
        // ARP, for hardware addresses of Ethernet and addresses of IPv4: a request.
        bytes[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        bytes[22..28].copy_from_slice(&mac);
        bytes[28..32].copy_from_slice(&from.octets());
        bytes[38..].copy_from_slice(&to.octets());
        Self { bytes, is_leaving: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_from_an_answer() {
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 7), Ipv4Addr::new(10, 0, 0, 8));
        let made = ArpRequest::made([2; 6], from, to);
        assert_eq!(ArpRequest::read(&made.bytes), Some((made, (from, to))));
        // What a real one looks like.
        let real = b"\xff\xff\xff\xff\xff\xff\x02\x02\x02\x02\x02\x02\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\x02\x02\x02\x02\x02\x0a\0\0\x07\0\0\0\0\0\0\x0a\0\0\x08";
        assert_eq!(&made.bytes, real);
        let mut answer = made.bytes;
        answer[21] = 2;
        assert_eq!(ArpRequest::read(&answer), None);
        assert_eq!(ArpRequest::read(&made.bytes[..30]), None);
    }
}
