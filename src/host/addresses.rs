//! The IPv4 addresses of this machine with their subnets, in one question to the kernel.

use std::io;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use rustix::net::netdevice::index_to_name;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

const DONE: u16 = 3;
const ERROR: u16 = 2;
const NEW_ADDRESS: u16 = 20;
const LIST_ADDRESSES: u16 = 22;
/// A request for everything there is.
const LIST: u16 = 1 | 0x300;
/// The most parts of an answer that are read; each holds some hundred addresses.
const MOST_PARTS: usize = 1024;

/// The addresses, each with its interface.
///
/// # Errors
/// What the kernel says.
pub fn addresses() -> io::Result<Vec<(String, Ipv4Net)>> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let wait = Some(std::time::Duration::from_secs(2));
    rustix::net::sockopt::set_socket_timeout(&socket, rustix::net::sockopt::Timeout::Recv, wait)?;
    let mut question = 24_u32.to_ne_bytes().to_vec();
    question.extend([LIST_ADDRESSES.to_ne_bytes(), LIST.to_ne_bytes()].concat());
    question.extend([0; 8]);
    // IPv4, and no condition.
    question.extend([2, 0, 0, 0, 0, 0, 0, 0]);
    sendto(&socket, &question, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let names = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..MOST_PARTS {
        let (length, _) = recv(&socket, &mut buffer, RecvFlags::empty())?;
        let part = read(buffer.get(..length).unwrap_or_default())?;
        for (index, net) in part.addresses {
            // An interface that went away meanwhile has none.
            if let Ok(name) = index_to_name(&names, index) {
                found.push((name, net));
            }
        }
        if part.is_last {
            return Ok(found);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Part {
    addresses: Vec<(u32, Ipv4Net)>,
    is_last: bool,
}

/// Reads the messages of one part.
fn read(mut bytes: &[u8]) -> io::Result<Part> {
    let mut part = Part::default();
    while let Some(length) = number(bytes, 0) {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let message = bytes.get(..length).filter(|message| message.len() >= 16).ok_or(io::ErrorKind::InvalidData)?;
        match half(message, 4) {
            Some(NEW_ADDRESS) => part.addresses.extend(address(&message[16..])),
            Some(DONE) => part.is_last = true,
            Some(ERROR) => {
                let code = number(message, 16).unwrap_or(0).cast_signed();
                return Err(io::Error::from_raw_os_error(code.wrapping_neg()));
            }
            _ => {}
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(part)
}

/// The interface's number and its address. Where a link has another end, the attribute that is the address elsewhere is
/// that end's.
fn address(body: &[u8]) -> Option<(u32, Ipv4Net)> {
    const ADDRESS: u16 = 1;
    const LOCAL: u16 = 2;
    let (family, prefix, index) = (*body.first()?, *body.get(1)?, number(body, 4)?);
    if family != 2 {
        return None;
    }
    let (mut own, mut any) = (None, None);
    let mut rest = body.get(8..)?;
    while let Some(length @ 4..) = half(rest, 0) {
        let value = rest.get(4..usize::from(length))?;
        let four = || Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?));
        match half(rest, 2) {
            Some(LOCAL) => own = four(),
            Some(ADDRESS) => any = four(),
            _ => {}
        }
        rest = rest.get(usize::from(length).next_multiple_of(4)..).unwrap_or_default();
    }
    Some((index, Ipv4Net::new(own.or(any)?, prefix).ok()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_has_its_address() {
        let found = addresses().unwrap();
        assert!(found.contains(&("lo".into(), "127.0.0.1/8".parse().unwrap())), "{found:?}");
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let mut message = 40_u32.to_ne_bytes().to_vec();
        message.extend([NEW_ADDRESS.to_ne_bytes(), [0; 2]].concat());
        message.extend([0; 8]);
        message.extend([2, 24, 0, 0]);
        message.extend(7_u32.to_ne_bytes());
        // The other end, and then the own.
        for (kind, last) in [(1_u16, 9), (2, 1)] {
            message.extend([8_u16.to_ne_bytes(), kind.to_ne_bytes()].concat());
            message.extend([10, 0, 0, last]);
        }
        assert_eq!(read(&message).unwrap().addresses, [(7, "10.0.0.1/24".parse().unwrap())]);
        assert!(read(&message[..30]).is_err());
        let done = [16_u32.to_ne_bytes().as_slice(), &DONE.to_ne_bytes(), &[0; 10]].concat();
        assert_eq!(read(&done).unwrap(), Part { is_last: true, ..Part::default() });
    }
}
