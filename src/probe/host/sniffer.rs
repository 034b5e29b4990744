//! Sees packets with markers wherever the host gets to see them: entering it, leaving it, and taken in by it.
//!
//! A packet socket of the kernel shows every frame on every interface of the host: a guest's frame first as it comes in
//! from the guest, then on the bridge if it passed the filters there, then as it leaves, if it was forwarded. Raw
//! sockets show what got through the firewall to the host itself, whether something listens there or not.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, eth, ipproto, recv, socket_with, sockopt};
use socket2::{SockFilter, SockRef};

use super::arp::ArpRequest;
use super::drops::{Sockets, number};
use super::frame::Frame;
use crate::probe::shot::Marker;

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
/// And how many bytes: half of what it may keep, because it counts more than what is in a packet.
const CROWD_OF_BYTES: usize = BUFFER / 2;

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
    arp: HashMap<(Ipv4Addr, Ipv4Addr), Vec<ArpRequest>>,
    /// Whether there was more than is kept.
    is_full: bool,
    /// Whether so much came at once that the kernel may have thrown some away.
    crowded: bool,
}

/// Looks at all packets of the host until it is dropped.
#[derive(Debug)]
pub struct Sniffer {
    book: Arc<Mutex<Book>>,
    /// The thread that looks, and what tells it that it is not needed any more.
    thread: Option<(JoinHandle<()>, Arc<OwnedFd>)>,
    sockets: Sockets,
    /// What they had missed before they were needed.
    missed: Option<u64>,
}

impl Sniffer {
    /// Starts to look.
    ///
    /// # Errors
    /// What the system says: only root may look at all packets.
    pub fn start() -> io::Result<Self> {
        let frames = [Way::In, Way::Out].map(Frames::open);
        let [incoming, leaving] = frames;
        let frames = [incoming?, leaving?];
        let mut taken_in = Vec::new();
        for protocol in [ipproto::TCP, ipproto::UDP, ipproto::ICMP] {
            taken_in.push(open(AddressFamily::INET, protocol)?);
        }
        for protocol in [ipproto::TCP, ipproto::UDP, ipproto::ICMPV6] {
            // A host without IPv6 takes nothing in over it.
            taken_in.extend(open(AddressFamily::INET6, protocol).ok());
        }
        let numbers = |sockets: Vec<&OwnedFd>| sockets.into_iter().map(number).collect::<io::Result<Vec<u64>>>();
        let sockets = Sockets {
            frames: numbers(frames.iter().map(|frames| &frames.socket).collect())?,
            taken_in: numbers(taken_in.iter().collect())?,
        };
        let missed = sockets.missed();
        let (book, done) =
            (Arc::<Mutex<Book>>::default(), Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?));
        let (write, ended) = (Arc::clone(&book), Arc::clone(&done));
        let thread = thread::Builder::new()
            .name("sniffer".into())
            .spawn(move || while look(&frames, &taken_in, &ended, &write) {})?;
        Ok(Self { book, thread: Some((thread, done)), sockets, missed })
    }

    /// What was seen so far of a packet; of several runs of the same proof, by the runs' numbers.
    pub(crate) fn seen(&self, nonce: u64, run: u32, index: u16) -> Seen {
        self.book().packets.get(&Marker { nonce, run, index }).cloned().unwrap_or_default()
    }

    /// The requests for an address that seem to come from another.
    pub(crate) fn arp(&self, from: Ipv4Addr, to: Ipv4Addr) -> Vec<ArpRequest> {
        self.book().arp.get(&(from, to)).cloned().unwrap_or_default()
    }

    /// Whether anybody asked for that address. A host does before it hands a packet on to a neighbour that it does not know.
    pub(crate) fn was_asked_for(&self, address: Ipv4Addr) -> bool {
        self.book().arp.keys().any(|(_, to)| *to == address)
    }

    /// Whether something was missed: by the kernel's count; where it does not count, whether so much came that something
    /// may have been.
    pub(crate) fn is_crowded(&self) -> bool {
        let missed = self.sockets.missed().zip(self.missed).map(|(now, before)| now > before);
        let book = self.book();
        book.is_full || missed.unwrap_or(book.crowded)
    }

    /// One that saw this, and sees no more.
    #[cfg(test)]
    pub(crate) fn made_up(
        packets: impl IntoIterator<Item = ((u64, u32, u16), Seen)>,
        arp: impl IntoIterator<Item = ((Ipv4Addr, Ipv4Addr), Vec<ArpRequest>)>,
    ) -> Self {
        let marker = |(nonce, run, index): (u64, u32, u16)| Marker { nonce, run, index };
        let packets = packets.into_iter().map(|(number, seen)| (marker(number), seen)).collect();
        let book = Book { packets, arp: arp.into_iter().collect(), is_full: false, crowded: false };
        let (book, sockets) = (Arc::new(Mutex::new(book)), Sockets::default());
        Self { book, thread: None, sockets, missed: None }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        if let Some((thread, done)) = self.thread.take()
            && rustix::io::write(&done, &1_u64.to_ne_bytes()).is_ok()
        {
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

/// Which way a frame goes on the link on which it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// A socket for all frames that go one way. The kernel tells the way; in a frame itself it does not stand, and whoever
/// sends one may write into it what he likes.
struct Frames {
    socket: OwnedFd,
    way: Way,
}

impl Frames {
    fn open(way: Way) -> io::Result<Self> {
        /// To load what kind of packet it is, to compare that with what leaves, and to take it whole or not at all.
        const KIND: SockFilter = SockFilter::new(0x20, 0, 0, 0xffff_f004);
        const LEAVES: [SockFilter; 2] = [SockFilter::new(0x15, 0, 1, 4), SockFilter::new(0x15, 1, 0, 4)];
        const TAKE: [SockFilter; 2] = [SockFilter::new(0x06, 0, 0, u32::MAX), SockFilter::new(0x06, 0, 0, 0)];
        let socket = open(AddressFamily::PACKET, eth::ALL)?;
        let [out, into] = LEAVES;
        let [all, none] = TAKE;
        let compare = if way == Way::Out { out } else { into };
        SockRef::from(&socket).attach_filter(&[KIND, compare, all, none])?;
        // What came before the filter was there.
        while recv(&socket, &mut [0; 1], RecvFlags::TRUNC).is_ok() {}
        Ok(Self { socket, way })
    }
}

/// Waits for packets and takes them; says whether to go on.
fn look(frames: &[Frames], taken_in: &[OwnedFd], done: &OwnedFd, book: &Mutex<Book>) -> bool {
    let all = [done].into_iter().chain(frames.iter().map(|frames| &frames.socket)).chain(taken_in);
    let mut ready: Vec<PollFd<'_>> = all.map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    // Where the kernel can't wait, what is there is taken all the same.
    let _ = poll(&mut ready, None);
    if rustix::io::read(done, &mut [0; 8]).is_ok() {
        return false;
    }
    let mut buffer = [0; LOOKED_AT];
    // One lock for all that is there.
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    for Frames { socket, way } in frames {
        drain(socket, &mut buffer, &mut book, |bytes, book| note_frame(bytes, *way == Way::Out, book));
    }
    for socket in taken_in {
        drain(socket, &mut buffer, &mut book, |bytes, book| {
            if let Some((marker, _)) = Marker::find(bytes)
                && let Some(seen) = entry(book, marker)
            {
                seen.delivered = true;
            }
        });
    }
    true
}

/// Takes what is there, and no more than a crowd of it: somebody may send faster than anybody reads.
fn drain(socket: &OwnedFd, buffer: &mut [u8], book: &mut Book, note: impl Fn(&[u8], &mut Book)) {
    let (mut count, mut bytes) = (0, 0);
    // The length is that of the whole packet, of which only the beginning is looked at.
    while let Ok((_, length @ 1..)) = recv(socket, &mut *buffer, RecvFlags::TRUNC) {
        note(&buffer[..length.min(buffer.len())], book);
        count += 1;
        bytes += length;
        if count > CROWD || bytes > CROWD_OF_BYTES {
            book.crowded = true;
            return;
        }
    }
}

fn entry(book: &mut Book, marker: Marker) -> Option<&mut Seen> {
    let full = book.packets.len() >= MOST && !book.packets.contains_key(&marker);
    book.is_full |= full;
    (!full).then(|| book.packets.entry(marker).or_default())
}

fn note_frame(bytes: &[u8], is_leaving: bool, book: &mut Book) {
    if let Some((request, pair)) = ArpRequest::read(bytes) {
        if book.arp.len() < MOST || book.arp.contains_key(&pair) {
            let requests = book.arp.entry(pair).or_default();
            if requests.len() < FRAMES {
                requests.push(ArpRequest { is_leaving, ..request });
            }
        } else {
            book.is_full = true;
        }
    } else if let Some((marker, at)) = Marker::find(bytes)
        && let Some(frame) = Frame::read(bytes, marker, at)
        && let Some(seen) = entry(book, marker)
        && seen.frames.len() < FRAMES
    {
        seen.frames.push(Frame { is_leaving, ..frame });
    }
}
