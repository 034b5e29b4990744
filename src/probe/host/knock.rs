//! Packets to a guest: from the host itself, and from where its network would send them.
//!
//! Whether something in the guest takes them does not matter, and is not asked: a guest may say that nothing does. What
//! counts is whether they get as far as its card. The host's network is a link of the host that is made for this, whose
//! other end podclaw has: what comes in there takes the way that packets of neighbours take.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::thread::sleep;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::door::Door;
use super::frame::Frame;
use super::sniffer::{Seen, Sniffer};
use crate::probe::netlink::{Netlink, index_of};
use crate::probe::plan::Mac;
use crate::probe::shot::{Carrier, Marker, packet};

/// How long the host may take to hand a packet on.
const ON_ITS_WAY: Duration = Duration::from_millis(30);

/// What the firewalls let through. Where not even this gets to the guest's card, nobody knows what kept off the others.
const CONTROL: Carrier = Carrier::Lease(9);

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
        let carriers = vec![Carrier::Tcp(guest.port), Carrier::Tcp(22), Carrier::Udp(9), Carrier::Echo, CONTROL];
        let mut knocked = Self { nonce, carriers, failures: [None, None] };
        let sent = || -> io::Result<[Option<String>; 2]> {
            let netlink = Netlink::open()?;
            let bridge = index_of(&guest.bridge)?;
            // A guest that does not say where it is must not look like one that can't be reached.
            let _neighbour = netlink.neighbour(bridge, guest.address.into(), guest.mac)?;
            let host = knocked.send(From::Host, guest, guest.gateway, &guest.bridge);
            let network = match door {
                Err(why) => Some(why),
                Ok(door) => match index_of(&door.outside)
                    .and_then(|link| netlink.neighbour(link, guest.address.into(), door.mac))
                {
                    Err(error) => Some(error.to_string()),
                    Ok(_neighbour) => knocked.send(From::Network, guest, door.neighbour, &door.outside),
                },
            };
            sleep(ON_ITS_WAY);
            Ok([host, network])
        };
        knocked.failures = sent().unwrap_or_else(|error| [Some(error.to_string()), Some(error.to_string())]);
        knocked
    }

    fn send(&self, from: From, guest: &Knockee, source: Ipv4Addr, device: &str) -> Option<String> {
        let send = || -> io::Result<()> {
            // This protocol means that headers are brought along.
            let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
            // Whatever else the host routes.
            socket.bind_device(Some(device.as_bytes()))?;
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
        let seen = |from: From, number: usize| {
            let Marker { nonce, run, index } = self.marker(from, number);
            sniffer.seen(nonce, run, index)
        };
        let control = self.carriers.iter().position(|carrier| *carrier == CONTROL);
        let is_crowded = sniffer.is_crowded();
        let carries = control.is_some_and(|number| gets_to_the_card(&seen(From::Host, number)));
        let mut all = Vec::new();
        for (from, failure, who) in
            [(From::Host, &self.failures[0], "from the host"), (From::Network, &self.failures[1], "from its network")]
        {
            for (number, carrier) in self.carriers.iter().enumerate() {
                let what = match carrier {
                    Carrier::Tcp(port) => format!("TCP {port} {who}"),
                    Carrier::Udp(port) => format!("UDP {port} {who}"),
                    Carrier::Echo => format!("an echo {who}"),
                    // From the host's network it is nothing that is let through.
                    Carrier::Lease(_) if from == From::Host => continue,
                    Carrier::Lease(port) => format!("UDP {port} from port 67 {who}"),
                };
                // What was seen counts, however much was not.
                let reach = match (reach(from, &seen(from, number)), failure) {
                    (Reach::Card, _) => Reach::Card,
                    (_, Some(why)) => Reach::Unknown(format!("it could not be sent: {why}")),
                    _ if is_crowded => {
                        Reach::Unknown("there were more packets than the host could look at".into())
                    }
                    (Reach::Stopped, None) if !carries => Reach::Unknown(
                        "what the firewalls let through did not get to the guest's card either, so the bridge may carry \
                         nothing"
                            .into(),
                    ),
                    (reach, None) => reach,
                };
                all.push((what, reach));
            }
        }
        all
    }
}

/// Once out on the bridge, and once out on the guest's port of it. What comes in by that port is the guest's own.
fn gets_to_the_card(seen: &Seen) -> bool {
    seen.frames.iter().filter(|frame| frame.is_leaving).count() > 1
}

fn reach(from: From, seen: &Seen) -> Reach {
    let is_fresh = |frame: &&Frame| !frame.was_forwarded();
    match from {
        From::Host if gets_to_the_card(seen) => Reach::Card,
        From::Host if seen.frames.is_empty() => Reach::Stopped,
        From::Host => Reach::Unknown("it got as far as the bridge".into()),
        From::Network if seen.frames.iter().any(Frame::was_forwarded) => Reach::Card,
        // Once at each end of the link: out of podclaw's, and into the host's.
        From::Network
            if [true, false]
                .iter()
                .all(|out| seen.frames.iter().filter(is_fresh).any(|frame| frame.is_leaving == *out)) =>
        {
            Reach::Stopped
        }
        From::Network => Reach::Unknown("the host did not see it come in".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ttl: u8, is_leaving: bool) -> Frame {
        Frame {
            macs: None,
            source: Ipv4Addr::LOCALHOST.into(),
            destination: Ipv4Addr::LOCALHOST.into(),
            protocol: 6,
            port: 1,
            ttl,
            exact: true,
            is_leaving,
        }
    }

    fn seen(frames: &[(u8, bool)]) -> Seen {
        Seen { frames: frames.iter().map(|&(ttl, is_leaving)| at(ttl, is_leaving)).collect(), delivered: false }
    }

    const OUT: (u8, bool) = (64, true);
    const IN: (u8, bool) = (64, false);

    #[test]
    fn how_far_it_got() {
        let of = |from: From, frames: &[(u8, bool)]| reach(from, &seen(frames));
        assert_eq!(of(From::Host, &[]), Reach::Stopped);
        assert!(matches!(of(From::Host, &[OUT]), Reach::Unknown(_)));
        assert_eq!(of(From::Host, &[OUT, OUT]), Reach::Card);
        // The guest itself may send what looks like it.
        assert!(matches!(of(From::Host, &[OUT, IN, IN]), Reach::Unknown(_)));
        assert!(matches!(of(From::Network, &[]), Reach::Unknown(_)));
        assert!(matches!(of(From::Network, &[OUT]), Reach::Unknown(_)));
        assert!(matches!(of(From::Network, &[IN, IN]), Reach::Unknown(_)));
        assert_eq!(of(From::Network, &[OUT, IN]), Reach::Stopped);
        assert_eq!(of(From::Network, &[OUT, IN, (63, true)]), Reach::Card);
    }

    #[test]
    fn a_bridge_that_carries_nothing_keeps_nobody_off() {
        let carriers = vec![Carrier::Tcp(22), CONTROL];
        let knocked = Knocked { nonce: 7, carriers, failures: [None, None] };
        let of = |control: &[(u8, bool)]| {
            let number = |from: From, number: usize| {
                let Marker { nonce, run, index } = knocked.marker(from, number);
                (nonce, run, index)
            };
            let both = [OUT, IN];
            let packets = [
                (number(From::Host, 1), seen(control)),
                (number(From::Network, 0), seen(&both)),
                (number(From::Network, 1), seen(&both)),
            ];
            knocked.reached(&Sniffer::made_up(packets, [])).into_iter().map(|(_, reach)| reach).collect::<Vec<_>>()
        };
        assert_eq!(of(&[OUT, OUT]), [Reach::Stopped, Reach::Stopped, Reach::Stopped]);
        for dead in [&[][..], &[OUT], &[OUT, IN, IN]] {
            assert!(of(dead).iter().all(|reach| matches!(reach, Reach::Unknown(_))), "{dead:?}");
        }
    }
}
