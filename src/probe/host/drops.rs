//! How many packets the kernel threw away because nobody read them in time: it counts them for each socket.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with, sockopt};

/// A question about sockets of one kind, and an answer to it.
const BY_FAMILY: u16 = 20;
/// A request for a list of all.
const LIST: u16 = 1 | 0x300;
const ERROR: u16 = 2;
const END: u16 = 3;
/// What is wanted of each socket: its memory. And where in the answer it stands.
const MEMORY: u32 = 0x10;
const MEMORY_ATTRIBUTE: u16 = 6;
/// Which of the numbers about memory counts what was thrown away.
const DROPS: usize = 8;
/// How many messages are read at most: a list of sockets is no longer.
const MESSAGES: usize = 10_000;

/// Sockets, by the numbers under which the kernel lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sockets {
    /// Those for frames.
    pub(super) frames: Vec<u64>,
    /// Those for what the host takes in.
    pub(super) taken_in: Vec<u64>,
}

/// The number of a socket.
pub(super) fn number(socket: &OwnedFd) -> io::Result<u64> {
    Ok(rustix::fs::fstat(socket)?.st_ino)
}

impl Sockets {
    /// How many packets they all missed so far; nothing where the kernel does not say it of each.
    pub(super) fn missed(&self) -> Option<u64> {
        let listed = of_frames().ok()?;
        let raw = ["raw", "raw6"].map(|table| fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default());
        let raw: Vec<(u64, u64)> = raw.iter().flat_map(|table| table.lines().filter_map(of_line)).collect();
        let of = |number: &u64, all: &[(u64, u64)]| Some(all.iter().find(|(own, _)| own == number)?.1);
        let frames = self.frames.iter().map(|number| of(number, &listed));
        frames.chain(self.taken_in.iter().map(|number| of(number, &raw))).sum()
    }
}

/// The number of a raw socket and what it missed, by its line in the kernel's table.
fn of_line(line: &str) -> Option<(u64, u64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    Some((fields.get(9)?.parse().ok()?, fields.get(12)?.parse().ok()?))
}

/// The numbers of all sockets for frames, and what each missed.
fn of_frames() -> io::Result<Vec<(u64, u64)>> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(SOCK_DIAG))?;
    let wait = Some(std::time::Duration::from_secs(2));
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, wait)?;
    // Sockets for frames of any protocol and any number, and no cookie.
    let mut body = vec![17, 0, 0, 0];
    for word in [0, MEMORY, 0, 0] {
        body.extend(word.to_ne_bytes());
    }
    let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(BY_FAMILY.to_ne_bytes());
    message.extend(LIST.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..MESSAGES {
        let (length, _) = recv(&socket, &mut *buffer, RecvFlags::empty())?;
        if read(&buffer[..length], &mut found)? {
            return Ok(found);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Reads messages; whether there are no more.
fn read(mut messages: &[u8], found: &mut Vec<(u64, u64)>) -> io::Result<bool> {
    while let Some(length) = word(messages, 0).map(|length| length as usize) {
        let message = messages.get(..length).filter(|message| message.len() >= 16).ok_or(io::ErrorKind::InvalidData)?;
        match short(message, 4) {
            Some(END) => return Ok(true),
            Some(ERROR) => return Err(io::ErrorKind::Unsupported.into()),
            Some(BY_FAMILY) => found.extend(socket(&message[16..])),
            _ => {}
        }
        messages = messages.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

/// The number of a socket and what it missed.
fn socket(message: &[u8]) -> Option<(u64, u64)> {
    let number = word(message, 4)?;
    let mut attributes = message.get(16..)?;
    while let (Some(length), Some(kind)) = (short(attributes, 0), short(attributes, 2)) {
        let length = usize::from(length).max(4);
        if kind == MEMORY_ATTRIBUTE {
            return Some((number.into(), word(attributes.get(..length)?, 4 + 4 * DROPS)?.into()));
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
    None
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        let line =
            "   6: 00000000:0006 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0000 5";
        assert_eq!(of_line(line), Some((77, 5)));
        assert_eq!(of_line("  sl  local_address rem_address   st tx_queue rx_queue"), None);

        let mut message = vec![17, 3, 0, 0];
        message.extend(77_u32.to_ne_bytes());
        message.extend([0; 8]);
        // Something else first, of an odd length.
        for (kind, value) in [(5_u16, vec![1]), (MEMORY_ATTRIBUTE, [[0; 32].as_slice(), &5_u32.to_ne_bytes()].concat())]
        {
            message.extend(u16::try_from(4 + value.len()).unwrap().to_ne_bytes());
            message.extend(kind.to_ne_bytes());
            message.extend(&value);
            message.resize(message.len().next_multiple_of(4), 0);
        }
        assert_eq!(socket(&message), Some((77, 5)));
        assert_eq!(socket(&message[..30]), None);
        let framed = |kind: u16, body: &[u8]| {
            let length = u32::try_from(16 + body.len()).unwrap().to_ne_bytes();
            [&length[..], &kind.to_ne_bytes(), &[0; 10], body].concat()
        };
        let (mut found, both) = (Vec::new(), [framed(BY_FAMILY, &message), framed(END, &[0; 4])].concat());
        assert!(read(&both, &mut found).unwrap());
        assert_eq!(found, [(77, 5)]);
        assert!(read(&framed(ERROR, &[0; 4]), &mut found).is_err());
        assert!(read(&[1, 0, 0, 0, 0], &mut found).is_err(), "a message that has no end");
    }

    #[test]
    fn a_socket_that_nobody_knows_says_nothing() {
        let nobody = Sockets { frames: vec![u64::MAX], taken_in: Vec::new() };
        assert_eq!(nobody.missed(), None);
    }
}
