//! Who asks and who is asked: a machine on the lab's bridge, and a resolver that writes down what it is asked.

use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::packet::{self, Answer};
use crate::common::Program;
use crate::harness::Lab;

/// A socket in a network namespace; it stays there whoever uses it.
fn socket(namespace: Option<&str>, address: SocketAddr) -> UdpSocket {
    let Some(namespace) = namespace.map(str::to_owned) else {
        return UdpSocket::bind(address).expect("the address is free");
    };
    // In a thread, which ends in that namespace.
    let bound = thread::spawn(move || {
        let namespace = File::open(format!("/run/netns/{namespace}")).expect("there is the namespace");
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).expect("it can be entered");
        UdpSocket::bind(address).expect("the address is free")
    });
    bound.join().expect("the socket is there")
}

/// A machine on the lab's bridge, in a namespace of its own. It goes when this is dropped.
#[derive(Debug)]
pub(super) struct Asker {
    namespace: String,
    socket: UdpSocket,
    resolver: SocketAddr,
    ids: AtomicU16,
}

impl Asker {
    pub(super) fn new(lab: &Lab) -> Self {
        let namespace = format!("{}ask", lab.name());
        let (out, inside) = (format!("{}q0", lab.name()), format!("{}q1", lab.name()));
        let own = lab.address(250);
        let ip = |arguments: &[&str]| Program::new("ip").args(arguments).run().ok();
        ip(&["netns", "add", &namespace]);
        ip(&["link", "add", &out, "type", "veth", "peer", "name", &inside]);
        ip(&["link", "set", &inside, "netns", &namespace]);
        ip(&["link", "set", &out, "master", &lab.network(), "up"]);
        ip(&["-n", &namespace, "address", "add", &format!("{own}/24"), "dev", &inside]);
        ip(&["-n", &namespace, "link", "set", &inside, "up"]);
        let socket = socket(Some(&namespace), SocketAddr::new(own.parse().expect("an address"), 0));
        socket.set_read_timeout(Some(Duration::from_secs(2))).expect("a timeout can be set");
        let resolver = SocketAddr::new(lab.address(1).parse().expect("an address"), 53);
        Self { namespace, socket, resolver, ids: AtomicU16::new(1) }
    }

    /// Asks the lab's resolver, and again when it does not answer at once.
    #[track_caller]
    pub(super) fn ask(&self, name: &str, kind: u16) -> Answer {
        self.try_to_ask(0, name, kind, 10).unwrap_or_else(|| panic!("no answer about {name}"))
    }

    /// The same once, with another kind of operation than a question, and perhaps without an answer.
    pub(super) fn try_to_ask(&self, opcode: u8, name: &str, kind: u16, tries: usize) -> Option<Answer> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let question = packet::question(id, opcode, name, kind);
        let mut answer = [0; 4096];
        for _ in 0..tries {
            self.socket.send_to(&question, self.resolver).expect("a question can be sent");
            // An answer to an earlier question may come late.
            while let Ok(length) = self.socket.recv(&mut answer) {
                if let Some(answer) = packet::answer(&answer[..length], id) {
                    return Some(answer);
                }
            }
        }
        None
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        // With the namespace goes the pair of links.
        let _ = Program::new("ip").args(&["netns", "delete", &self.namespace]).run();
    }
}

/// A resolver that knows everything, and writes down what it is asked.
#[derive(Debug)]
pub(super) struct Upstream {
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    /// On the host's loopback.
    pub(super) fn new() -> Self {
        Self::at(None, "127.0.0.1:0")
    }

    pub(super) fn at(namespace: Option<&str>, address: &str) -> Self {
        let socket = socket(namespace, address.parse().expect("an address"));
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
        let address = socket.local_addr().expect("it has an address");
        let (log, over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let (in_thread, until) = (log.clone(), over.clone());
        let serve = move || {
            let mut question = [0; 4096];
            while !until.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut question) else { continue };
                let question = &question[..length];
                let shown = packet::asked(question).map_or_else(|| format!("{question:?}"), |(name, ..)| name);
                in_thread.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
                if let Some(reply) = packet::reply(question) {
                    let _ = socket.send_to(&reply, from);
                }
            }
        };
        Self { address, log, over, thread: Some(thread::spawn(serve)) }
    }

    /// Where it is, as a lab file says it.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names that it was asked for since the last time, once each.
    pub(super) fn asked(&self) -> Vec<String> {
        let mut names = std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        names.sort();
        names.dedup();
        names
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
