//! Packets to a guest: from the host itself, and from where its network would send them.
//!
//! Whether something in the guest takes them does not matter, and is not asked: a guest may say that nothing does. What
//! counts is whether they get as far as its card. The host's network is a link of the host that is made for this, whose
//! other end podclaw has: what comes in there takes the way that packets of neighbours take.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::sniffer::{Seen, Sniffer};
use crate::probe::netlink::{Netlink, index_of};
use crate::probe::plan::Mac;
use crate::probe::shot::{Carrier, Marker, packet};

/// What the name of the end begins with that podclaw has.
const OUTSIDE: &str = "pco";
/// What their addresses begin with: a range for measurements, which no network should have, and
/// which guests are kept off anyway.
const NETWORK: [u8; 3] = [198, 18, 112];
/// How long the host may take to hand a packet on.
const ON_ITS_WAY: Duration = Duration::from_millis(30);
/// How long a link may take to carry packets.
const UP: Duration = Duration::from_millis(500);

/// A link of the host with podclaw behind it. It goes when this is dropped.
#[derive(Debug)]
pub struct Door {
    /// What packets are sent from.
    outside: String,
    /// The number of the host's end.
    index: u32,
    /// The hardware address of the host's end.
    mac: Mac,
    /// Who they seem to come from.
    neighbour: Ipv4Addr,
    netlink: Netlink,
}

impl Door {
    /// Makes it.
    ///
    /// # Errors
    /// What the system says: only root may.
    pub fn make() -> io::Result<Self> {
        let mut random = [0; 5];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        let [one, two, three, four, part] = random;
        let number = u32::from_ne_bytes([one, two, three, four]);
        let (outside, inside) = (format!("{OUTSIDE}{number:08x}"), format!("pci{number:08x}"));
        let mac = |last: u8| [0x02, one, two, three, four, last];
        let netlink = Netlink::open()?;
        netlink.pair([&outside, &inside], [mac(1), mac(2)])?;
        let first = part & 0xfc;
        let [a, b, c] = NETWORK;
        let of = |host: u8| Ipv4Addr::new(a, b, c, first | host);
        // From here on it goes by itself if something fails.
        let door = Self { index: index_of(&inside)?, outside, mac: mac(2), neighbour: of(2), netlink };
        // It stays as long as the link.
        std::mem::forget(door.netlink.address_of(door.index, of(1).into(), 30)?);
        let deadline = Instant::now() + UP;
        let state = Path::new("/sys/class/net").join(&door.outside).join("operstate");
        while std::fs::read_to_string(&state)?.trim() != "up" && Instant::now() < deadline {
            sleep(Duration::from_millis(2));
        }
        Ok(door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // What is gone already is as it should be.
        let _ = self.netlink.delete_link(self.index);
    }
}

/// Whether it is an address of such a link. Another proof may have one, which goes any moment.
pub(super) fn is_of_a_door(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(four) if four.octets()[..3] == NETWORK)
}

/// Whether packets are sent through this link only by a proof: its neighbours are none.
pub(super) fn is_a_door(link: &str) -> bool {
    link.starts_with(OUTSIDE)
}

/// The guest that is knocked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knockee {
    /// The bridge that it hangs on.
    pub bridge: String,
    /// The bridge's own address.
    pub gateway: Ipv4Addr,
    /// The guest's address.
    pub address: Ipv4Addr,
    /// Its hardware address.
    pub mac: Mac,
    /// The gateway's port.
    pub port: u16,
}

/// What was sent to a guest.
#[derive(Debug)]
pub struct Knocked {
    nonce: u64,
    carriers: Vec<Carrier>,
    /// Why nothing was sent from the host, or from its network.
    failures: [Option<String>; 2],
}

/// Where a packet came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// The host itself.
    Host,
    /// The host's network.
    Network,
}

/// How far a packet got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The guest's card.
    Card,
    /// Not that far.
    Stopped,
    /// Nobody knows.
    Unknown(String),
}

impl Knocked {
    /// Sends one packet of each kind in each way.
    #[must_use]
    pub fn at(guest: &Knockee, door: Result<&Door, String>, nonce: u64) -> Self {
        let carriers = vec![Carrier::Tcp(guest.port), Carrier::Tcp(22), Carrier::Udp(9), Carrier::Echo];
        let mut knocked = Self { nonce, carriers, failures: [None, None] };
        let sent = || -> io::Result<[Option<String>; 2]> {
            let netlink = Netlink::open()?;
            let bridge = index_of(&guest.bridge)?;
            // A guest that does not say where it is must not look like one that can't be reached.
            let _neighbour = netlink.neighbour(bridge, guest.address.into(), guest.mac)?;
            let host = knocked.send(From::Host, guest, guest.gateway, None);
            let network = match door {
                Err(why) => Some(why),
                Ok(door) => match index_of(&door.outside)
                    .and_then(|link| netlink.neighbour(link, guest.address.into(), door.mac))
                {
                    Err(error) => Some(error.to_string()),
                    Ok(_neighbour) => knocked.send(From::Network, guest, door.neighbour, Some(&door.outside)),
                },
            };
            sleep(ON_ITS_WAY);
            Ok([host, network])
        };
        knocked.failures = sent().unwrap_or_else(|error| [Some(error.to_string()), Some(error.to_string())]);
        knocked
    }

    fn send(&self, from: From, guest: &Knockee, source: Ipv4Addr, device: Option<&str>) -> Option<String> {
        let send = || -> io::Result<()> {
            // This protocol means that headers are brought along.
            let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
            socket.bind_device(device.map(str::as_bytes))?;
            for (number, carrier) in self.carriers.iter().enumerate() {
                let packet = packet(source, guest.address, *carrier, self.marker(from, number));
                match socket.send_to(&packet, &SocketAddrV4::new(guest.address, 0).into()) {
                    // The firewall says so to the sender at once.
                    Err(error) if from == From::Host && error.kind() == io::ErrorKind::PermissionDenied => {}
                    sent => drop(sent?),
                }
            }
            Ok(())
        };
        send().err().map(|error| error.to_string())
    }

    fn marker(&self, from: From, number: usize) -> Marker {
        let number = u16::try_from(number * 2).unwrap_or(u16::MAX);
        // Another one each time, so that the ports are others: connection tracking lets through what was let through before.
        let run = u32::try_from(self.nonce & u64::from(u32::MAX)).unwrap_or(0);
        Marker { nonce: self.nonce, run, index: number + u16::from(from == From::Network) }
    }

    /// What came of each packet.
    pub(crate) fn reached(&self, sniffer: &Sniffer) -> Vec<(String, Reach)> {
        let mut all = Vec::new();
        for (from, failure, who) in
            [(From::Host, &self.failures[0], "from the host"), (From::Network, &self.failures[1], "from its network")]
        {
            for (number, carrier) in self.carriers.iter().enumerate() {
                let what = match carrier {
                    Carrier::Tcp(port) => format!("TCP {port} {who}"),
                    Carrier::Udp(port) => format!("UDP {port} {who}"),
                    Carrier::Echo => format!("an echo {who}"),
                };
                let Marker { nonce, run, index } = self.marker(from, number);
                // What was seen counts, however much was not.
                let reach = match (reach(from, &sniffer.seen(nonce, run, index)), failure) {
                    (Reach::Card, _) => Reach::Card,
                    (_, Some(why)) => Reach::Unknown(format!("it could not be sent: {why}")),
                    _ if sniffer.is_crowded() => {
                        Reach::Unknown("there were more packets than the host could look at".into())
                    }
                    (reach, None) => reach,
                };
                all.push((what, reach));
            }
        }
        all
    }
}

fn reach(from: From, seen: &Seen) -> Reach {
    let counted_down = seen.frames.iter().filter(|frame| frame.was_forwarded()).count();
    match (from, seen.frames.len()) {
        // Once on the bridge, and once on the guest's port of it.
        (From::Host, 0) => Reach::Stopped,
        (From::Host, 1) => Reach::Unknown("it got as far as the bridge".into()),
        (From::Host, _) => Reach::Card,
        (From::Network, _) if counted_down > 0 => Reach::Card,
        // Once at each end of the link.
        (From::Network, 2..) => Reach::Stopped,
        (From::Network, _) => Reach::Unknown("the host did not see it come in".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::host::Frame;

    #[test]
    fn how_far_it_got() {
        let at = |ttl: u8| Frame {
            macs: None,
            source: Ipv4Addr::LOCALHOST.into(),
            destination: Ipv4Addr::LOCALHOST.into(),
            protocol: 6,
            port: 1,
            ttl,
            exact: true,
        };
        let of = |from: From, ttls: &[u8]| {
            reach(from, &Seen { frames: ttls.iter().copied().map(at).collect(), delivered: false })
        };
        assert_eq!(of(From::Host, &[]), Reach::Stopped);
        assert!(matches!(of(From::Host, &[64]), Reach::Unknown(_)));
        assert_eq!(of(From::Host, &[64, 64]), Reach::Card);
        assert!(matches!(of(From::Network, &[]), Reach::Unknown(_)));
        assert!(matches!(of(From::Network, &[64]), Reach::Unknown(_)));
        assert_eq!(of(From::Network, &[64, 64]), Reach::Stopped);
        assert_eq!(of(From::Network, &[64, 64, 63]), Reach::Card);
    }
}
