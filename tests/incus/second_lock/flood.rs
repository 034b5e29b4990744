//! Who sends to the host and to its neighbour, and who counts what arrives.

use std::fs::File;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::common::Program;
use crate::harness::{Lab, Lan};

/// Where everything is sent to.
pub(super) const PORT: u16 = 9999;

/// Who sends, and who counts.
pub(super) struct Watch {
    host: Counter,
    neighbour: Counter,
    flood: Flood,
}

impl Watch {
    pub(super) fn new(lab: &Lab, lan: &Lan) -> Self {
        let host = Counter::start(None, lan.host());
        let neighbour = Counter::start(Some(lan.namespace()), "0.0.0.0");
        Self { host, neighbour, flood: Flood::start(lab, [lan.host(), lan.neighbour()]) }
    }

    /// How many packets were sent while something happens, and how many arrived at the host and at its neighbour.
    fn during(&self, what: &str, happens: &dyn Fn()) -> [u64; 3] {
        let counts = [&self.flood.sent, &self.host.arrived, &self.neighbour.arrived];
        let before = counts.map(|count| count.load(Ordering::SeqCst));
        happens();
        thread::sleep(Duration::from_millis(200));
        let mut counts = counts.map(|count| count.load(Ordering::SeqCst));
        for (count, before) in counts.iter_mut().zip(before) {
            *count -= before;
        }
        eprintln!("      {what}: {} sent, {} at the host, {} at its neighbour", counts[0], counts[1], counts[2]);
        counts
    }

    #[track_caller]
    pub(super) fn none(&self, what: &str, happens: impl Fn()) {
        let [sent, host, neighbour] = self.during(what, &happens);
        assert!(sent > 100, "{what}: only {sent} packets were sent");
        assert_eq!((host, neighbour), (0, 0), "{what}: packets got through");
    }

    #[track_caller]
    pub(super) fn some(&self, what: &str, happens: impl Fn()) {
        let [_, host, neighbour] = self.during(what, &happens);
        assert!(host > 0 && neighbour > 0, "{what}: {host} packets at the host, {neighbour} at its neighbour");
    }
}

/// A thread that ends with this.
struct Working {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Working {
    /// Does something again and again, in a network namespace.
    fn start<T>(
        namespace: Option<&str>,
        begin: impl FnOnce() -> T + Send + 'static,
        work: impl Fn(&T) + Send + 'static,
    ) -> Self {
        let namespace = namespace.map(|name| File::open(format!("/run/netns/{name}")).expect("the namespace"));
        let ends = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&ends);
        let (say, ready) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            if let Some(namespace) = namespace {
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).expect("a namespace");
            }
            let begun = begin();
            say.send(()).expect("somebody waits");
            while !is_over.load(Ordering::SeqCst) {
                work(&begun);
            }
        });
        ready.recv().expect("it begins");
        Self { ends, thread: Some(thread) }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Counts the packets that arrive, and answers each.
pub(super) struct Counter {
    arrived: Arc<AtomicU64>,
    _working: Working,
}

impl Counter {
    /// How many arrived since this was asked the last time.
    pub(super) fn take(&self) -> u64 {
        self.arrived.swap(0, Ordering::SeqCst)
    }

    pub(super) fn start(namespace: Option<&str>, address: &str) -> Self {
        let arrived = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&arrived);
        let address = address.to_owned();
        let begin = move || {
            let socket = UdpSocket::bind((&*address, PORT)).expect("the port is free");
            socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
            socket
        };
        let work = move |socket: &UdpSocket| match socket.recv_from(&mut [0; 16]) {
            Ok((_, from)) => {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = socket.send_to(b"y", from);
            }
            Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}"),
        };
        Self { arrived, _working: Working::start(namespace, begin, work) }
    }
}

/// A namespace on the bridge, in the place of a guest. It goes when this is dropped.
pub(super) struct OnBridge {
    pub(super) namespace: String,
}

impl OnBridge {
    pub(super) fn new(lab: &Lab) -> Self {
        let namespace = format!("{}g", lab.name());
        let (out, inside) = (format!("{namespace}0"), format!("{namespace}1"));
        let ip = |arguments: &[&str]| drop(Program::new("ip").args(arguments).run().ok());
        ip(&["netns", "add", &namespace]);
        ip(&["link", "add", &out, "type", "veth", "peer", "name", &inside]);
        ip(&["link", "set", &inside, "netns", &namespace]);
        ip(&["link", "set", &out, "master", &lab.network()]);
        ip(&["link", "set", &out, "up"]);
        ip(&["-n", &namespace, "address", "add", &format!("{}/24", lab.address(77)), "dev", &inside]);
        ip(&["-n", &namespace, "link", "set", &inside, "up"]);
        ip(&["-n", &namespace, "route", "add", "default", "via", &lab.address(1)]);
        Self { namespace }
    }
}

/// A namespace on the bridge that sends to both, each millisecond, and always from the same port.
struct Flood {
    sent: Arc<AtomicU64>,
    // The thread ends before its namespace goes.
    _working: Working,
    _place: OnBridge,
}

impl Flood {
    fn start(lab: &Lab, targets: [&str; 2]) -> Self {
        let place = OnBridge::new(lab);
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        let targets = targets.map(str::to_owned);
        // Another port each time: the kernel remembers for minutes what another run got through.
        let begin = || UdpSocket::bind("0.0.0.0:0").expect("a port");
        let work = move |socket: &UdpSocket| {
            for target in &targets {
                // What is rejected may be told as an error of the next packet.
                if socket.send_to(b"x", (&**target, PORT)).is_ok() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
            thread::sleep(Duration::from_millis(1));
        };
        let working = Working::start(Some(&place.namespace), begin, work);
        Self { sent, _working: working, _place: place }
    }
}

impl Drop for OnBridge {
    fn drop(&mut self) {
        let _ = Program::new("ip").args(&["netns", "delete", &self.namespace]).run();
        // The kernel takes its time with the namespace, and the name is wanted again.
        let _ = Program::new("ip").args(&["link", "delete", &format!("{}0", self.namespace)]).run();
    }
}
