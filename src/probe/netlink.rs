//! As much of the kernel's interface for networks as the probes need: static neighbours and routes, a second hardware
//! address, a second address, a pair of links. Each is taken away again when its value is dropped.

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

use super::plan::Mac;

const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const NEW_ADDRESS: u16 = 20;
const DELETE_ADDRESS: u16 = 21;
const NEW_ROUTE: u16 = 24;
const DELETE_ROUTE: u16 = 25;
const NEW_NEIGHBOUR: u16 = 28;
const DELETE_NEIGHBOUR: u16 = 29;

/// A request that wants an acknowledgement.
const REQUEST: u16 = 1 | 4;
/// Replace what is there, or make it.
const CREATE: u16 = REQUEST | 0x100 | 0x400;

/// The flag of a link that is up.
const UP: u32 = 1;

/// A socket to a part of the kernel.
#[derive(Debug)]
pub(super) struct Netlink(OwnedFd);

/// Something that was added and goes again.
#[derive(Debug)]
pub(super) struct Added<'n> {
    netlink: &'n Netlink,
    kind: u16,
    body: Vec<u8>,
}

impl Drop for Added<'_> {
    fn drop(&mut self) {
        // What is gone already is as it should be.
        let _ = self.netlink.ask(self.kind, REQUEST, &self.body);
    }
}

impl Netlink {
    /// One to the part that knows links, addresses and routes.
    pub(super) fn open() -> io::Result<Self> {
        Self::to(None)
    }

    /// One to another part, which gets two seconds for each answer.
    pub(super) fn to(part: Option<Protocol>) -> io::Result<Self> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, part)?;
        let wait = Some(std::time::Duration::from_secs(2));
        rustix::net::sockopt::set_socket_timeout(&socket, rustix::net::sockopt::Timeout::Recv, wait)?;
        Ok(Self(socket))
    }

    /// A neighbour whose hardware address nobody has to be asked for.
    pub(super) fn neighbour(&self, link: u32, address: IpAddr, mac: Mac) -> io::Result<Added<'_>> {
        let mut body = vec![family(address), 0, 0, 0];
        body.extend(link.to_ne_bytes());
        // Permanent; no flags; unicast.
        body.extend(0x80_u16.to_ne_bytes());
        body.extend([0, 1]);
        attribute(&mut body, 1, &octets(address));
        attribute(&mut body, 2, &mac);
        self.add(NEW_NEIGHBOUR, DELETE_NEIGHBOUR, body)
    }

    /// A way to a single address, straight through a link.
    pub(super) fn route(&self, link: u32, address: IpAddr) -> io::Result<Added<'_>> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        // The main table, static, within the link, unicast.
        let mut body = vec![family(address), bits, 0, 0, 254, 4, 253, 1, 0, 0, 0, 0];
        attribute(&mut body, 1, &octets(address));
        attribute(&mut body, 4, &link.to_ne_bytes());
        self.add(NEW_ROUTE, DELETE_ROUTE, body)
    }

    /// One more address of a link. It can be used at once.
    pub(super) fn address(&self, link: u32, address: IpAddr) -> io::Result<Added<'_>> {
        self.address_of(link, address, if address.is_ipv4() { 32 } else { 64 })
    }

    /// The same, with the length of its network's prefix.
    pub(super) fn address_of(&self, link: u32, address: IpAddr, prefix: u8) -> io::Result<Added<'_>> {
        // Over IPv6 without asking whether somebody has it already, which takes a second.
        const WITHOUT_ASKING: u8 = 2;
        let mut body = match address {
            IpAddr::V4(_) => vec![2, prefix, 0, 0],
            IpAddr::V6(_) => vec![10, prefix, WITHOUT_ASKING, 253],
        };
        body.extend(link.to_ne_bytes());
        attribute(&mut body, 2, &octets(address));
        attribute(&mut body, 1, &octets(address));
        self.add(NEW_ADDRESS, DELETE_ADDRESS, body)
    }

    /// A link on top of another one, with a hardware address of its own; and its number.
    pub(super) fn other_mac(&self, below: u32, name: &str, mac: Mac) -> io::Result<(Added<'_>, u32)> {
        let mut body = link_header(0, UP);
        attribute(&mut body, 3, &[name.as_bytes(), &[0]].concat());
        attribute(&mut body, 1, &mac);
        attribute(&mut body, 5, &below.to_ne_bytes());
        let mut kind = Vec::new();
        attribute(&mut kind, 1, b"macvlan\0");
        attribute(&mut body, 18, &kind);
        self.ask(NEW_LINK, CREATE, &body)?;
        let index = index_of(name)?;
        Ok((Added { netlink: self, kind: DELETE_LINK, body: link_header(index, 0) }, index))
    }

    /// A pair of links: what is sent by one of them is received by the other. It stays until one of them is deleted.
    pub(super) fn pair(&self, names: [&str; 2], macs: [Mac; 2]) -> io::Result<()> {
        let end = |number: usize| {
            let mut body = link_header(0, 0);
            attribute(&mut body, 3, &[names[number].as_bytes(), &[0]].concat());
            attribute(&mut body, 1, &macs[number]);
            body
        };
        let (mut other, mut kind, mut body) = (Vec::new(), Vec::new(), end(0));
        attribute(&mut other, 1, &end(1));
        attribute(&mut kind, 1, b"veth\0");
        attribute(&mut kind, 2, &other);
        attribute(&mut body, 18, &kind);
        self.ask(NEW_LINK, CREATE, &body)?;
        // Not before each has the other.
        names.iter().try_for_each(|name| self.ask(NEW_LINK, REQUEST, &link_header(index_of(name)?, UP)))
    }

    /// Removes a link, and with it the other one of its pair.
    pub(super) fn delete_link(&self, index: u32) -> io::Result<()> {
        self.ask(DELETE_LINK, REQUEST, &link_header(index, 0))
    }

    fn add(&self, new: u16, delete: u16, body: Vec<u8>) -> io::Result<Added<'_>> {
        self.ask(new, CREATE, &body)?;
        Ok(Added { netlink: self, kind: delete, body })
    }

    /// Sends a message of that kind.
    pub(super) fn send(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(kind.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        message.extend([0; 8]);
        message.extend(body);
        sendto(&self.0, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(())
    }

    /// Takes what was answered; how long it is.
    pub(super) fn receive(&self, answer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(&self.0, answer, RecvFlags::empty())?.0)
    }

    fn ask(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        self.send(kind, flags, body)?;
        let mut answer = [0; 512];
        let length = self.receive(&mut answer)?;
        let code = answer[..length].get(16..20).and_then(|code| Some(i32::from_ne_bytes(code.try_into().ok()?)));
        match code {
            Some(0) => Ok(()),
            Some(code) => Err(io::Error::from_raw_os_error(-code)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// What a message about a link begins with.
fn link_header(index: u32, flags: u32) -> Vec<u8> {
    let mut header = vec![0, 0, 0, 0];
    for number in [index, flags, flags] {
        header.extend(number.to_ne_bytes());
    }
    header
}

/// The number of the link of that name.
pub(super) fn index_of(name: &str) -> io::Result<u32> {
    let any = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    Ok(rustix::net::netdevice::name_to_index(&any, name)?)
}

fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { 2 } else { 10 }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    }
}

/// Adds an attribute: its length, its kind, itself, and what fills it up to a multiple of four.
fn attribute(to: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    to.extend(length.to_ne_bytes());
    to.extend(kind.to_ne_bytes());
    to.extend(value);
    to.resize(to.len().next_multiple_of(4), 0);
}
