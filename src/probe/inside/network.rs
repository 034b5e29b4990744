//! Packets. What becomes of most of them is seen by the host; here it only counts that they are sent.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with};

use super::{Finding, errno, random};
use crate::probe::netlink::{Netlink, index_of};
use crate::probe::plan::{Mac, NetworkPlan, Said, Shot, ShotKind};
use crate::probe::shot::{Carrier, Marker, TTL, own_ipv6, packet};

/// How long an answer is waited for that should come, and one that should not.
const ANSWER: Duration = Duration::from_millis(1500);
const NO_ANSWER: Duration = Duration::from_millis(400);

/// Sends all packets of the plan; says which could not be sent.
pub(super) fn shoot(
    plan: &NetworkPlan,
    nonce: u64,
    run: u32,
    say: &mut dyn FnMut(Said) -> io::Result<()>,
) -> io::Result<()> {
    let gun = match Gun::new(plan) {
        Ok(gun) => gun,
        Err(error) => {
            for index in 0..plan.shots.len() {
                say(not_sent(index, &error))?;
            }
            return Ok(());
        }
    };
    for (index, shot) in plan.shots.iter().enumerate() {
        let Ok(number) = u16::try_from(index) else { break };
        if let Err(error) = gun.send(shot, Marker { nonce, run, index: number }) {
            say(not_sent(index, &error))?;
        }
    }
    // The kernel asks for the address that the datagram is for, in the name of the one that it comes from.
    let (from, to) = plan.arp;
    if let Err(error) = gun.ask_in_the_name_of(from, to) {
        say(not_sent(plan.shots.len(), &error))?;
    }
    Ok(())
}

fn not_sent(index: usize, error: &io::Error) -> Said {
    Said::NotSent { index: u16::try_from(index).unwrap_or(u16::MAX), reason: errno(error) }
}

struct Gun<'p> {
    plan: &'p NetworkPlan,
    netlink: Netlink,
    link: u32,
    four: OwnedFd,
}

impl<'p> Gun<'p> {
    fn new(plan: &'p NetworkPlan) -> io::Result<Self> {
        let link = index_of(&name_of(plan.mac)?)?;
        // This protocol means that headers are brought along.
        let four = socket_with(AddressFamily::INET, SocketType::RAW, SocketFlags::CLOEXEC, Some(ipproto::RAW))?;
        Ok(Self { plan, netlink: Netlink::open()?, link, four })
    }

    fn send(&self, shot: &Shot, marker: Marker) -> io::Result<()> {
        let other = if shot.other_mac {
            Some(self.netlink.other_mac(self.link, &link_name()?, self.plan.other_mac)?)
        } else {
            None
        };
        let link = other.as_ref().map_or(self.link, |(_, link)| *link);
        // Neither what the guest routes nor whom it knows matters then.
        let _neighbour = self.netlink.neighbour(link, shot.to, shot.hop)?;
        let _route = if is_link_local(shot.to) { None } else { Some(self.netlink.route(link, shot.to)?) };
        match (shot.to, shot.kind) {
            (IpAddr::V4(to), kind) => {
                let carrier = match kind {
                    ShotKind::Tcp(port) => Carrier::Tcp(port),
                    ShotKind::Udp(port) => Carrier::Udp(port),
                    ShotKind::Echo => Carrier::Echo,
                };
                let packet = packet(shot.source.unwrap_or(self.plan.address), to, carrier, marker);
                sendto(&self.four, &packet, SendFlags::empty(), &SocketAddrV4::new(to, 0))?;
            }
            (IpAddr::V6(to), ShotKind::Tcp(port) | ShotKind::Udp(port)) => {
                // The one that the card gave itself may not be ready in a guest that just started, and goes no further than
                // the link.
                let (own, scope) = if is_link_local(shot.to) {
                    ((0xfe80 << 112) | u128::from(u64::from_ne_bytes(random()?)), link)
                } else {
                    (u128::from(own_ipv6(marker.nonce)), 0)
                };
                let _address = self.netlink.address(link, Ipv6Addr::from(own).into())?;
                let send = |source: Ipv6Addr| {
                    let socket = UdpSocket::bind(SocketAddrV6::new(source, 0, 0, scope))?;
                    rustix::net::sockopt::set_ipv6_unicast_hops(&socket, Some(TTL))?;
                    socket.send_to(&marker.bytes(), SocketAddrV6::new(to, port, 0, scope))
                };
                send(own.into())?;
                // As well from the one that the guest would take, where it has one: it may be the only one that passes.
                if scope == 0 {
                    let _ = send(Ipv6Addr::UNSPECIFIED);
                }
            }
            (IpAddr::V6(_), ShotKind::Echo) => return Err(ErrorKind::Unsupported.into()),
        }
        Ok(())
    }

    fn ask_in_the_name_of(&self, from: Ipv4Addr, to: Ipv4Addr) -> io::Result<()> {
        let _address = self.netlink.address(self.link, from.into())?;
        let _route = self.netlink.route(self.link, to.into())?;
        let socket = UdpSocket::bind((from, 0))?;
        socket.send_to(b"?", (to, 9))?;
        // The request goes out at once; the address must stay until then.
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(six) if six.is_unicast_link_local())
}

fn link_name() -> io::Result<String> {
    Ok(format!("pc{:08x}", u32::from_ne_bytes(random()?)))
}

/// The interface with that hardware address, whatever it is called.
fn name_of(mac: Mac) -> io::Result<String> {
    let wanted = mac.map(|byte| format!("{byte:02x}")).join(":");
    for entry in std::fs::read_dir("/sys/class/net")?.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let own = std::fs::read_to_string(entry.path().join("address"));
        // A second link on top of it has the address of the first in some kinds.
        let below = entry.path().join("iflink");
        let is_first = std::fs::read_to_string(below).is_ok();
        if is_first && own.is_ok_and(|own| own.trim() == wanted) {
            return Ok(name);
        }
    }
    Err(ErrorKind::NotFound.into())
}

/// A question about a name that does not exist, so that any answer at all shows a resolver.
pub(super) fn ask_resolver(plan: &NetworkPlan) -> Finding {
    let tried = format!("a question to {}", plan.resolver);
    match ask(plan.resolver, ANSWER) {
        Ok(code) => Finding::contained(tried, format!("an answer, with code {code}")),
        Err(error) => Finding::could_not_tell(tried, format!("no answer ({}): the network may be dead", errno(&error))),
    }
}

pub(super) fn ask_others(plan: &NetworkPlan) -> Finding {
    let shown: Vec<String> = plan.other_resolvers.iter().map(ToString::to_string).collect();
    let tried = format!("questions to {}", shown.join(", "));
    let (answers, asked) = std::thread::scope(|scope| {
        // A guest may have no thread left.
        let start = |&at: &SocketAddr| {
            let asks = std::thread::Builder::new().spawn_scoped(scope, move || ask(at, NO_ANSWER));
            Some((at, asks.ok()?))
        };
        let asked: Vec<_> = plan.other_resolvers.iter().filter_map(start).collect();
        let count = asked.len();
        let answered = |(at, thread): (SocketAddr, std::thread::ScopedJoinHandle<'_, io::Result<u8>>)| {
            thread.join().is_ok_and(|answer| answer.is_ok()).then(|| format!("{at} answers"))
        };
        (asked.into_iter().filter_map(answered).collect::<Vec<_>>(), count)
    });
    Finding::of_attempts(tried, &answers, "no answer").of_all(asked, plan.other_resolvers.len())
}

fn ask(resolver: SocketAddr, wait: Duration) -> io::Result<u8> {
    let id: [u8; 2] = random()?;
    let mut question = id.to_vec();
    // A standard question, recursion desired; one question.
    question.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in ["podclaw-probe", "invalid"] {
        question.push(u8::try_from(label.len()).unwrap_or(0));
        question.extend(label.as_bytes());
    }
    // The root, an address, of the internet.
    question.extend([0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind(if resolver.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(resolver)?;
    socket.send(&question)?;
    let deadline = Instant::now() + wait;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer)?;
        if length >= 12 && answer[..2] == id && answer[2] & 0x80 != 0 {
            return Ok(answer[3] & 0x0f);
        }
    }
}

/// A connection that must work.
pub(super) fn connect(to: SocketAddr) -> Finding {
    let tried = format!("a connection to {to}");
    match TcpStream::connect_timeout(&to, ANSWER) {
        Ok(_) => Finding::contained(tried, "it is connected"),
        Err(error) => Finding::could_not_tell(tried, format!("no connection ({})", errno(&error))),
    }
}
