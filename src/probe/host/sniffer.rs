//! Sees packets with markers wherever the host gets to see them: entering it, leaving it, and taken in by it.
//!
//! A packet socket of the kernel shows every frame on every interface of the host: a guest's frame first as it comes in
//! from the guest, then on the bridge if it passed the filters there, then as it leaves, if it was forwarded. Raw
//! sockets show what got through the firewall to the host itself, whether something listens there or not.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, eth, ipproto, socket_with, sockopt};

use crate::probe::plan::Mac;
use crate::probe::shot::{Marker, TTL, checksum};

/// How much of a frame is looked at, in bytes.
const LOOKED_AT: usize = 256;
/// How many packets are kept apart. No proof comes near.
const MOST: usize = 100_000;
/// How many frames of one packet are kept.
pub(crate) const FRAMES: usize = 16;
/// How much the kernel may keep until it is read, in bytes.
const BUFFER: usize = 16 << 20;
/// How many packets at once are a sign that the kernel may have had to throw some away.
const CROWD: usize = 8_000;
/// How often the thread looks whether it is still needed.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

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
    /// Whether it is whole and its checksums are right: one that is not goes nowhere, and shows nothing. Over IPv6 it is not
    /// looked at, because the kernel leaves that sum to the card.
    pub sound: bool,
}

impl Frame {
    /// Whether the host has forwarded it.
    #[must_use]
    pub fn was_forwarded(&self) -> bool {
        self.ttl < TTL
    }
}

/// All that was seen of one packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The frames, in order.
    pub frames: Vec<Frame>,
    /// Whether it got through the host's firewall to the host itself.
    pub delivered: bool,
}

#[derive(Debug, Default)]
struct Book {
    packets: HashMap<Marker, Seen>,
    /// Requests of ARP, by who asks and for whom.
    arp: HashMap<(Ipv4Addr, Ipv4Addr), usize>,
    crowded: bool,
}

/// Looks at all packets of the host until it is dropped.
#[derive(Debug)]
pub struct Sniffer {
    book: Arc<Mutex<Book>>,
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sniffer {
    /// Starts to look.
    ///
    /// # Errors
    /// What the system says: only root may look at all packets.
    pub fn start() -> io::Result<Self> {
        let frames = open(AddressFamily::PACKET, eth::ALL)?;
        let mut taken_in = Vec::new();
        for protocol in [ipproto::TCP, ipproto::UDP, ipproto::ICMP] {
            taken_in.push(open(AddressFamily::INET, protocol)?);
        }
        for protocol in [ipproto::TCP, ipproto::UDP, ipproto::ICMPV6] {
            // A host without IPv6 takes nothing in over it.
            taken_in.extend(open(AddressFamily::INET6, protocol).ok());
        }
        let (book, done) = (Arc::<Mutex<Book>>::default(), Arc::<AtomicBool>::default());
        let (write, ended) = (Arc::clone(&book), Arc::clone(&done));
        let thread = thread::Builder::new().name("sniffer".into()).spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                look(&frames, &taken_in, &write);
            }
        })?;
        Ok(Self { book, done, thread: Some(thread) })
    }

    /// What was seen so far of a packet; of several runs of the same proof, by the runs' numbers.
    pub(crate) fn seen(&self, nonce: u64, run: u32, index: u16) -> Seen {
        self.book().packets.get(&Marker { nonce, run, index }).cloned().unwrap_or_default()
    }

    /// How often a request for an address was seen that seems to come from another.
    pub(crate) fn arp(&self, from: Ipv4Addr, to: Ipv4Addr) -> usize {
        self.book().arp.get(&(from, to)).copied().unwrap_or(0)
    }

    /// Whether so much came at once that something may have been missed.
    pub(crate) fn is_crowded(&self) -> bool {
        self.book().crowded
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say; a panic in it shows as packets that were not seen.
            let _ = thread.join();
        }
    }
}

fn open(family: AddressFamily, protocol: rustix::net::Protocol) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::RAW, flags, Some(protocol))?;
    sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER)?;
    Ok(socket)
}

fn look(frames: &OwnedFd, taken_in: &[OwnedFd], book: &Mutex<Book>) {
    let mut ready: Vec<PollFd<'_>> =
        std::iter::once(frames).chain(taken_in).map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    if poll(&mut ready, Some(&TICK)).is_err() {
        return;
    }
    let mut buffer = [0; LOOKED_AT];
    // One lock for all that is there.
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    let mut count = 0;
    while let Ok(length @ 1..) = rustix::io::read(frames, &mut buffer) {
        note_frame(&buffer[..length], &mut book);
        count += 1;
        book.crowded |= count > CROWD;
    }
    for socket in taken_in {
        let mut count = 0;
        while let Ok(length @ 1..) = rustix::io::read(socket, &mut buffer) {
            count += 1;
            book.crowded |= count > CROWD;
            if let Some((marker, _)) = Marker::find(&buffer[..length])
                && let Some(seen) = entry(&mut book, marker)
            {
                seen.delivered = true;
            }
        }
    }
}

fn entry(book: &mut Book, marker: Marker) -> Option<&mut Seen> {
    let full = book.packets.len() >= MOST && !book.packets.contains_key(&marker);
    (!full).then(|| book.packets.entry(marker).or_default())
}

fn note_frame(bytes: &[u8], book: &mut Book) {
    if let Some(pair) = arp_request(bytes) {
        if book.arp.len() < MOST || book.arp.contains_key(&pair) {
            *book.arp.entry(pair).or_default() += 1;
        }
    } else if let Some((marker, at)) = Marker::find(bytes)
        && let Some(frame) = frame(bytes, at)
        && let Some(seen) = entry(book, marker)
        && seen.frames.len() < FRAMES
    {
        seen.frames.push(frame);
    }
}

/// Who asks for whom in a frame of ARP.
fn arp_request(bytes: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
    let is_request = bytes.get(12..14)? == [8, 6] && bytes.get(20..22)? == [0, 1];
    if is_request { Some((address(28)?, address(38)?)) } else { None }
}

/// The headers before a marker. Which they are follows from how far before it they must start.
fn frame(bytes: &[u8], marker: usize) -> Option<Frame> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    // IPv4 (20) with TCP (20), with UDP or an echo (8); IPv6 (40) with UDP (8).
    for (ip, inner, protocols) in [(20, 20, &[6][..]), (20, 8, &[17, 1]), (40, 8, &[17])] {
        let Some(start) = marker.checked_sub(ip + inner) else { continue };
        let header = &bytes[start..];
        let (version, protocol, ttl) =
            if ip == 20 { (0x45, header[9], header[8]) } else { (0x60, header[6], header[7]) };
        if header[0] & if ip == 20 { 0xff } else { 0xf0 } != version || !protocols.contains(&protocol) {
            continue;
        }
        let (source, destination) = if ip == 20 {
            let at = |at: usize| Some(IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(header.get(at..at + 4)?).ok()?)));
            (at(12)?, at(16)?)
        } else {
            let at =
                |at: usize| Some(IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(header.get(at..at + 16)?).ok()?)));
            (at(8)?, at(24)?)
        };
        let mac = |at: usize| bytes.get(at..at + 6)?.try_into().ok();
        let macs = start.checked_sub(14).and_then(|link| Some((mac(link + 6)?, mac(link)?)));
        let port = if protocol == 1 { 0 } else { word(start + ip + 2)? };
        let sound = ip != 20 || is_sound(header);
        return Some(Frame { macs, source, destination, protocol, port, ttl, sound });
    }
    None
}

/// Whether an IPv4 packet is whole, in one piece, and adds up.
fn is_sound(bytes: &[u8]) -> bool {
    let Some(length) = bytes.get(2..4).map(|two| usize::from(u16::from_be_bytes([two[0], two[1]]))) else {
        return false;
    };
    let Some((header, inner)) = bytes.get(..length).and_then(|whole| whole.split_at_checked(20)) else { return false };
    let mut summed = Vec::new();
    if header[9] != 1 {
        summed.extend_from_slice(&header[12..20]);
        summed.extend([0, header[9]]);
        summed.extend(u16::try_from(inner.len()).unwrap_or(0).to_be_bytes());
    }
    summed.extend_from_slice(inner);
    // Neither a fragment nor the first of several.
    let is_one_piece = header[6].trailing_zeros() >= 6 && header[7] == 0;
    is_one_piece && checksum(header) == 0 && checksum(&summed) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::shot::{Carrier, packet};

    #[test]
    fn a_frame_is_read() {
        let marker = Marker { nonce: 1, run: 2, index: 3 };
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1));
        for (carrier, protocol, port) in [(Carrier::Tcp(80), 6, 80), (Carrier::Udp(53), 17, 53), (Carrier::Echo, 1, 0)]
        {
            let mut bytes = vec![1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 8, 0];
            bytes.extend(packet(from, to, carrier, marker));
            let mut book = Book::default();
            note_frame(&bytes, &mut book);
            note_frame(&bytes[14..], &mut book);
            let frames = &book.packets[&marker].frames;
            let frame = Frame {
                macs: Some(([2; 6], [1; 6])),
                source: from.into(),
                destination: to.into(),
                protocol,
                port,
                ttl: TTL,
                sound: true,
            };
            assert_eq!(frames, &[frame, Frame { macs: None, ..frame }]);
            assert!(!frames[0].was_forwarded());
        }
        assert_eq!(frame(&[0; 64], 50), None);
    }

    #[test]
    fn a_packet_that_goes_nowhere_is_not_sound() {
        let marker = Marker { nonce: 1, run: 2, index: 3 };
        for carrier in [Carrier::Tcp(80), Carrier::Udp(53), Carrier::Echo] {
            let good = packet(Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1), carrier, marker);
            assert!(is_sound(&good));
            // Anywhere: a wrong sum, a fragment, an address that was not summed.
            for at in 2..good.len() {
                let mut bad = good.clone();
                bad[at] ^= 1;
                assert!(!is_sound(&bad), "{carrier:?}, byte {at}");
            }
            assert!(!is_sound(&good[..good.len() - 1]));
        }
    }

    #[test]
    fn a_request_is_told_from_an_answer() {
        let mut bytes = vec![0; 42];
        bytes[12..14].copy_from_slice(&[8, 6]);
        bytes[20..22].copy_from_slice(&[0, 1]);
        bytes[28..32].copy_from_slice(&[10, 0, 0, 7]);
        bytes[38..42].copy_from_slice(&[10, 0, 0, 8]);
        assert_eq!(arp_request(&bytes), Some((Ipv4Addr::new(10, 0, 0, 7), Ipv4Addr::new(10, 0, 0, 8))));
        bytes[21] = 2;
        assert_eq!(arp_request(&bytes), None);
        assert_eq!(arp_request(&bytes[..30]), None);
    }
}
