//! What the runner in the guest is told, and what it says. JSON on its standard input, JSON lines on its standard output.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::Verdict;

/// A hardware address.
pub type Mac = [u8; 6];

/// The largest plan that is read, in bytes.
pub const LARGEST_PLAN: u64 = 1 << 20;

/// What the runner is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The number of the proof, which each answer carries.
    pub nonce: u64,
    /// The block devices of the host: major and minor numbers.
    pub devices: Vec<(u32, u32)>,
    /// The port of the gateway on the guest's loopback.
    pub gateway_port: u16,
    /// What to try in the network; `None` where there is none.
    pub network: Option<NetworkPlan>,
    /// The limits to be driven into; `None` leaves them alone.
    pub limits: Option<LimitsPlan>,
}

/// What the runner is to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkPlan {
    /// The hardware address of the interface to send from. The guest may have named it as it likes.
    pub mac: Mac,
    /// The guest's own address.
    pub address: Ipv4Addr,
    /// The hardware address of the host's end.
    pub bridge_mac: Mac,
    /// The packets, by their numbers.
    pub shots: Vec<Shot>,
    /// An address that is not the guest's, and another one to ask for in its name.
    pub arp: (Ipv4Addr, Ipv4Addr),
    /// A hardware address that is not the guest's.
    pub other_mac: Mac,
    /// The lab's resolver.
    pub resolver: SocketAddr,
    /// Resolvers that must not answer.
    pub other_resolvers: Vec<SocketAddr>,
    /// An address that must be reached, where one is known.
    pub control: Option<SocketAddr>,
}

/// A packet to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// Where to.
    pub to: IpAddr,
    /// What kind of packet.
    pub kind: ShotKind,
    /// Whom to hand the frame to.
    pub hop: Mac,
    /// The source address, where it is not the guest's own.
    pub source: Option<Ipv4Addr>,
    /// Whether it is sent with another hardware address.
    pub other_mac: bool,
}

/// The kind of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShotKind {
    /// The first packet of a TCP connection to a port.
    Tcp(u16),
    /// A UDP datagram to a port. The only kind over IPv6.
    Udp(u16),
    /// An ICMP echo request.
    Echo,
}

/// How far the guest may go, by its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsPlan {
    /// Processes.
    pub processes: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes on disk.
    pub disk: Option<u64>,
    /// How much the host can spare, so that no host goes down by a proof.
    pub spare: Spare,
}

/// How much may be taken in an attempt, whatever the limits say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spare {
    /// Processes.
    pub processes: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes on disk.
    pub disk: u64,
}

/// One line of the runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The number of the proof.
    pub nonce: u64,
    /// What it says.
    #[serde(flatten)]
    pub said: Said,
}

/// What the runner says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// It runs, under this number, and listens on this port of all its addresses, if it could.
    Started {
        /// The number in its packets.
        run: u32,
        /// The port.
        port: Option<u16>,
    },
    /// A probe that only the guest can see the end of.
    Answer {
        /// The probe's name.
        probe: String,
        /// What it says.
        verdict: Verdict,
        /// What was tried.
        tried: String,
        /// What came back.
        came_back: String,
        /// How long it took, in milliseconds.
        millis: u64,
    },
    /// A packet that could not even be sent.
    NotSent {
        /// Its number.
        index: u16,
        /// Why.
        reason: String,
    },
    /// All packets are on their way.
    Sent,
    /// There is no more.
    Ended,
}
