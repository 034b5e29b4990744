//! Questions and answers as they are on the wire, as far as the tests need them.

use std::net::Ipv4Addr;

/// Types of questions.
pub(super) const A: u16 = 1;
pub(super) const TXT: u16 = 16;
pub(super) const DS: u16 = 43;

/// What an answer says.
pub(super) const NO_ERROR: u8 = 0;
pub(super) const NO_SUCH_NAME: u8 = 3;

/// Where the tests' own resolver says that everything is, unless it is in the LAN. Nobody is there; the ranges for
/// documentation count as private for dnsmasq.
pub(super) const PUBLIC: Ipv4Addr = Ipv4Addr::new(192, 88, 99, 77);
/// Where it says that `lan.test` and everything below it is.
pub(super) const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 9, 9, 9);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: u8,
    pub(super) address: Option<Ipv4Addr>,
}

/// A question. `opcode` is 0 for an ordinary one.
pub(super) fn question(id: u16, opcode: u8, name: &str, kind: u16) -> Vec<u8> {
    let mut packet = id.to_be_bytes().to_vec();
    packet.extend([opcode << 3 | 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.').filter(|label| !label.is_empty()) {
        packet.push(u8::try_from(label.len()).expect("a short label"));
        packet.extend(label.as_bytes());
    }
    packet.push(0);
    packet.extend(kind.to_be_bytes());
    packet.extend([0, 1]);
    packet
}

/// Reads an answer to the question with that id.
pub(super) fn answer(packet: &[u8], id: u16) -> Option<Answer> {
    let is_answer = packet.len() >= 12 && packet[..2] == id.to_be_bytes() && packet[2] & 0x80 != 0;
    // The tests' resolver sends one record, which ends in the address.
    let has_record = is_answer && packet[7] == 1;
    let address = packet.last_chunk::<4>().filter(|_| has_record).map(|bytes| Ipv4Addr::from(*bytes));
    is_answer.then(|| Answer { code: packet[3] & 0x0f, address })
}

/// The name and the type in a question, and where it ends.
pub(super) fn asked(packet: &[u8]) -> Option<(String, u16, usize)> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*packet.get(at)?);
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(packet.get(at + 1..at + 1 + length)?).into_owned());
        at += 1 + length;
    }
    let kind = packet.get(at + 1..at + 3)?;
    Some((labels.join("."), u16::from_be_bytes([kind[0], kind[1]]), at + 5))
}

/// What the tests' resolver answers.
pub(super) fn reply(packet: &[u8]) -> Option<Vec<u8>> {
    let (name, kind, end) = asked(packet)?;
    let address = if name == "lan.test" || name.ends_with(".lan.test") { PRIVATE } else { PUBLIC };
    let mut reply = packet.get(..2)?.to_vec();
    reply.extend([0x81, 0x80, 0, 1, 0, u8::from(kind == A), 0, 0, 0, 0]);
    reply.extend(packet.get(12..end)?);
    if kind == A {
        // The name of the question, one minute.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(address.octets());
    }
    Some(reply)
}
