//! No packet gets through while rules are made anew.
//!
//! A network namespace on the lab's bridge, in the place of a guest, sends to the host and to the host's neighbour every
//! millisecond. Both count what arrives, and answer, so that the kernel takes the connection for an established one.

use std::fs::File;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::common::Program;
use crate::harness::{Daemon, Lab, Lan, Test, tests};

pub(super) const TESTS: &[Test] =
    tests![nothing_gets_through_while_rules_are_made_anew, nothing_gets_through_while_a_guest_starts];

const PORT: u16 = 9999;

fn nothing_gets_through_while_rules_are_made_anew(daemon: &Daemon) {
    let mine = daemon.another();
    let lab = Lab::new(&mine);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let watch = Watch::new(&lab, &lan);
    let network = lab.network();
    let set = |key: &str| drop(mine.incus(&["network", "set", &network, key]).run().ok());
    let init = || drop(lab.podclaw(&["init"]).run().ok());

    // Controls: all that arrives is counted, and Incus' own rules alone have the gap.
    watch.none("with all rules", || thread::sleep(Duration::from_secs(1)));
    lab.remove_fence();
    watch.none("with Incus' rules alone, and left alone", || thread::sleep(Duration::from_secs(1)));
    watch.some("with Incus' rules alone, while it starts anew", || mine.restart());
    watch.some("with Incus' rules alone, while the network is changed", || set("ipv4.dhcp.expiry=2h"));
    mine.incus(&["network", "unset", &network, "security.acls"]).run().ok();
    watch.some("without rules", || thread::sleep(Duration::from_secs(1)));

    // What got through meanwhile, and was answered, does not go on: `init` closes it at once.
    init();
    watch.none("with all rules again", || thread::sleep(Duration::from_secs(1)));
    drop(watch);
    // From another port: Incus itself lets pass on what got through once.
    let watch = Watch::new(&lab, &lan);
    for (what, change) in [
        ("init with nothing to do", &init as &dyn Fn()),
        ("the daemon ends in order and starts", &|| mine.restart()),
        ("the daemon is killed and starts", &|| {
            mine.kill();
            mine.start();
        }),
        ("the network is changed by hand", &|| set("ipv4.dhcp.expiry=3h")),
        ("init changes the network", &init),
        ("the ACL is taken away by hand", &|| set("security.acls=")),
        ("init brings the ACL back", &init),
        ("a rule is taken away by hand", &|| {
            let acl = format!("{}-egress", lab.name());
            mine.incus(&["network", "acl", "rule", "remove", &acl, "egress", "destination=10.0.0.0/8"]).run().ok();
        }),
        ("init brings the rule back", &init),
        ("the fence is loosened by hand", &|| {
            let chain = format!("flush chain inet podclaw_{} egress", lab.name());
            Program::new("nft").arg(&chain).run().ok();
        }),
        ("init puts the fence right", &init),
        ("the fence is taken away by hand", &|| lab.remove_fence()),
        ("init brings the fence back", &init),
    ] {
        watch.none(what, change);
    }
    // All of that was seen and is right again.
    assert!(lab.podclaw(&["init"]).run().ok().ends_with("is as it has to be\n"));
}

fn nothing_gets_through_while_a_guest_starts(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let counters = [Counter::start(None, lan.host()), Counter::start(Some(lan.namespace()), "0.0.0.0")];
    let arrived = || counters.iter().map(|counter| counter.arrived.swap(0, Ordering::SeqCst)).collect::<Vec<_>>();
    let profiles = ["guest", "small"].map(|name| format!("{}-{name}", lab.name()));
    lab.launch_tiny_with(&["g", "-p", &profiles[0], "-p", &profiles[1]]);
    // It sends from its first moment on, from the address that it will be given. Of what busybox has, this client sends
    // datagrams to any port.
    let leases = format!("/1.0/networks/{}/leases?project={}", lab.network(), lab.name());
    let (gateway, host, neighbour) = (lab.address(1), lan.host(), lan.neighbour());
    let address = lease(daemon, &leases);
    let flood = format!(
        "ifconfig eth0 {address} netmask 255.255.255.0 up; route add default gw {gateway}
         send() {{ while :; do timeout 1 tftp -g -r x -l /dev/null $1 {PORT} || usleep 1000; done; }}
         for sender in 1 2 3 4; do send {host} & send {neighbour} & done; wait"
    );
    let inittab = "::sysinit:/bin/ifconfig lo up\n::respawn:/bin/sh /flood >/dev/null 2>&1\n";
    for (path, text) in [("g/flood", &*flood), ("g/etc/inittab", inittab)] {
        lab.incus(&["file", "push", "-", path]).stdin(text).run().ok();
    }
    let restart = || {
        lab.incus(&["restart", "--force", "g"]).run().ok();
        thread::sleep(Duration::from_secs(2));
    };
    arrived();
    for _ in 0..4 {
        restart();
    }
    assert_eq!(arrived(), [0, 0], "packets of a guest that starts got through");

    // The same without rules: the guest does send, and it is counted.
    lab.remove_fence();
    daemon.incus(&["network", "unset", &lab.network(), "security.acls"]).run().ok();
    restart();
    let seen = arrived();
    assert!(seen.iter().all(|count| *count > 0), "the counters see {seen:?} of a guest without rules");
}

/// The address that a guest was given, once it was.
fn lease(daemon: &Daemon, leases: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = daemon.get(leases);
        let all = found.as_array().into_iter().flatten();
        let mut of_guest = all.filter(|lease| lease["hostname"] == "g").filter_map(|lease| lease["address"].as_str());
        if let Some(address) = of_guest.find(|address| address.contains('.')) {
            return address.to_owned();
        }
        assert!(Instant::now() < deadline, "the guest gets no address: {found}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Who sends, and who counts.
struct Watch {
    host: Counter,
    neighbour: Counter,
    flood: Flood,
}

impl Watch {
    fn new(lab: &Lab, lan: &Lan) -> Self {
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
    fn none(&self, what: &str, happens: impl Fn()) {
        let [sent, host, neighbour] = self.during(what, &happens);
        assert!(sent > 100, "{what}: only {sent} packets were sent");
        assert_eq!((host, neighbour), (0, 0), "{what}: packets got through");
    }

    #[track_caller]
    fn some(&self, what: &str, happens: impl Fn()) {
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
struct Counter {
    arrived: Arc<AtomicU64>,
    _working: Working,
}

impl Counter {
    fn start(namespace: Option<&str>, address: &str) -> Self {
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

/// A namespace on the bridge that sends to both, each millisecond, and always from the same port.
struct Flood {
    sent: Arc<AtomicU64>,
    namespace: String,
    working: Option<Working>,
}

impl Flood {
    fn start(lab: &Lab, targets: [&str; 2]) -> Self {
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
        let working = Working::start(Some(&namespace), begin, work);
        Self { sent, namespace, working: Some(working) }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        drop(self.working.take());
        let _ = Program::new("ip").args(&["netns", "delete", &self.namespace]).run();
        // The kernel takes its time with the namespace, and the name is wanted again.
        let _ = Program::new("ip").args(&["link", "delete", &format!("{}0", self.namespace)]).run();
    }
}
