//! Errors of ICMP that quote somebody else's connection.
//!
//! The kernel takes an error for a part of the connection that it quotes, whoever sent it. A rule that lets through what
//! belongs to connections that stand lets a guest send errors, with what it likes in them, to everybody who talks to the
//! host.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd as _;
use std::thread;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use socket2::{Domain, Protocol, Socket, Type};

use super::flood::OnBridge;
use crate::harness::{Daemon, Lab, Lan, Test, tests};

pub(super) const TESTS: &[Test] = tests![an_error_that_quotes_a_connection_gets_nowhere];

/// The ports of the neighbour's connection to the host.
const PORTS: (u16, u16) = (40_404, 40_405);
const MARKER: &[u8; 16] = b"podclaw-smuggles";

fn an_error_that_quotes_a_connection_gets_nowhere(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let guest = OnBridge::new(&lab);
    let [host, neighbour]: [Ipv4Addr; 2] =
        [lan.host(), lan.neighbour()].map(|address| address.parse().expect("an address"));
    // The neighbour talks to the host, as somebody does who is logged in there.
    let listening = UdpSocket::bind((host, PORTS.1)).expect("the port is free");
    let talking = within(lan.namespace(), move || UdpSocket::bind((neighbour, PORTS.0)).expect("the port is free"));
    let arrived = || {
        talking.send_to(b"x", (host, PORTS.1)).expect("the host is there");
        let (_, from) = listening.recv_from(&mut [0; 8]).expect("it gets there");
        listening.send_to(b"y", from).expect("it is answered");
        let ears = within(lan.namespace(), || {
            let ears = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).expect("root may listen");
            ears.set_read_timeout(Some(Duration::from_millis(500))).expect("a time");
            ears
        });
        within(&guest.namespace, move || {
            let mouth = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).expect("root may speak");
            for _ in 0..5 {
                // What is rejected may be told as an error of the next packet.
                let _ = mouth.send_to(&error(neighbour, host), &SocketAddrV4::new(neighbour, 0).into());
                thread::sleep(Duration::from_millis(20));
            }
        });
        let mut count = 0;
        let mut buffer = [0; 512];
        while let Ok(length @ 1..) = std::io::Read::read(&mut &ears, &mut buffer) {
            count += usize::from(buffer[..length].windows(MARKER.len()).any(|part| part == MARKER));
        }
        count
    };
    assert_eq!(arrived(), 0, "errors of a guest got to the host's neighbour");
    // Incus' rules alone let them through, so it would have been seen.
    lab.remove_fence();
    assert!(arrived() > 0, "nothing arrives without the fence either");
}

/// "Host unreachable", about a packet of the neighbour's to the host.
fn error(neighbour: Ipv4Addr, host: Ipv4Addr) -> Vec<u8> {
    let mut quoted = vec![0x45, 0, 0, 44, 0, 1, 0, 0, 64, 17, 0, 0];
    quoted.extend(neighbour.octets().into_iter().chain(host.octets()));
    let sum = checksum(&quoted);
    quoted[10..12].copy_from_slice(&sum);
    quoted.extend(PORTS.0.to_be_bytes().into_iter().chain(PORTS.1.to_be_bytes()));
    quoted.extend([0, 24, 0, 0]);
    quoted.extend(MARKER);
    let mut error = vec![3, 1, 0, 0, 0, 0, 0, 0];
    error.extend(quoted);
    let sum = checksum(&error);
    error[2..4].copy_from_slice(&sum);
    error
}

/// The sum of RFC 1071.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes.chunks(2).map(|word| u32::from(word[0]) << 8 | word.get(1).map_or(0, |low| u32::from(*low)));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = u16::try_from((folded & 0xffff) + (folded >> 16)).expect("it is folded");
    (!folded).to_be_bytes()
}

/// Does something in a network namespace.
fn within<T: Send + 'static>(namespace: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let namespace = File::open(format!("/run/netns/{namespace}")).expect("the namespace");
    let moved = thread::spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).expect("a namespace");
        work()
    });
    moved.join().expect("it does not panic")
}
