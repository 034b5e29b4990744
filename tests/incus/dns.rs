//! The lab's resolver: real questions from the lab's bridge, and which of them leave it.

mod packet;
mod tls;
mod wire;

use std::fmt::Write as _;
use std::fs;

use self::packet::{A, Answer, DS, NO_ERROR, NO_SUCH_NAME, PRIVATE, PUBLIC, TXT};
use self::wire::{Asker, Upstream};
use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    a_filter_blocks_names_and_what_is_below,
    an_allowlist_asks_for_its_names_only,
    an_allowlist_holds_with_the_hosts_own_resolver,
    a_sealed_lab_asks_nobody,
    a_filter_outlives_the_daemon,
    guests_are_not_told_of_each_other,
    a_list_that_is_none_changes_nothing,
    questions_leave_encrypted,
];

const GONE: Answer = Answer { code: NO_SUCH_NAME, address: None };
const THERE: Answer = Answer { code: NO_ERROR, address: Some(PUBLIC) };

/// The lab file's lines about DNS and egress, and `init`.
fn init(lab: &Lab, network: &str) -> String {
    // The lab file ends in the mapping `network`.
    lab.set_file(network);
    lab.podclaw(&["init"]).run().ok()
}

fn told(lab: &Lab) -> serde_json::Value {
    lab.daemon().get(&format!("/1.0/networks/{}", lab.network()))["config"]["raw.dnsmasq"].clone()
}

fn a_filter_blocks_names_and_what_is_below(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let upstream = Upstream::new();
    let address = upstream.address();
    fs::write(lab.dir().join("hosts"), "127.0.0.1 localhost\n0.0.0.0 ads.test tracker.example.test\n").expect("a list");
    // As many as real lists have.
    let mut many = String::new();
    for number in 0..100_000 {
        let _ = writeln!(many, "||host-{number}.advertising-network-{}.test^", number % 977);
    }
    fs::write(lab.dir().join("many"), many).expect("a list");
    let filter = format!("  dns:\n    block: [hosts, many]\n    upstream: {address}\n");
    init(&lab, &filter);
    let asker = Asker::new(&lab);
    for blocked in
        ["ads.test", "ADS.Test", "x.y.ads.test", "tracker.example.test", "host-99999.advertising-network-345.test"]
    {
        for kind in [A, TXT] {
            assert_eq!(asker.ask(blocked, kind), GONE, "{blocked}");
        }
    }
    for open in ["example.test", "xads.test", "advertising-network-345.test"] {
        assert_eq!(asker.ask(open, A), THERE, "{open}");
    }
    assert_eq!(upstream.asked(), ["advertising-network-345.test", "example.test", "xads.test"]);
    // Names that lead into the LAN are not for guests, and neither are those in the host's own file, nor its resolvers.
    assert_eq!(asker.ask("db.lan.test", A).address, None);
    assert_eq!(upstream.asked(), ["db.lan.test"]);
    assert_eq!(asker.ask("localhost", A), GONE);
    assert!(asker.ask("1.0.9.10.in-addr.arpa", 12).code == NO_SUCH_NAME && upstream.asked().is_empty());

    let shown = lab.podclaw(&["init"]).run().ok();
    assert!(shown.ends_with("is as it has to be\n"), "{shown}");
    let shown = init(&lab, &format!("  dns:\n    upstream: {address}\n"));
    assert!(shown.contains("    - raw.dnsmasq: 100002 blocked names, "), "{shown}");
    assert!(shown.len() < 2000, "{shown}");
    assert_eq!(asker.ask("ads.test", A), THERE);
    assert_eq!(upstream.asked(), ["ads.test"]);
    // What the lab file allows by name may be in the LAN.
    let allow = "  egress:\n    allow:\n      - to: db.lan.test\n        ports: [5432]\n";
    init(&lab, &format!("{allow}  dns:\n    upstream: {address}\n"));
    assert_eq!(asker.ask("db.lan.test", A), Answer { code: NO_ERROR, address: Some(PRIVATE) });
    assert_eq!(asker.ask("other.lan.test", A).address, None);
    // Without a filter there is nothing that keeps AppArmor from the resolver.
    init(&lab, "");
    assert!(told(&lab).is_null(), "{}", told(&lab));
}

/// Everything that could carry something out by way of a question, with what is allowed.
fn only_what_is_allowed_leaves(asker: &Asker, asked: impl Fn() -> Vec<String>) {
    for allowed in ["api.example.test", "example.test"] {
        assert_eq!(asker.ask(allowed, A), THERE, "{allowed}");
    }
    assert_eq!(asked(), ["api.example.test", "example.test"]);
    for (name, kind) in [
        ("stolen.api.example.test", A),
        ("stolen.api.example.test", TXT),
        ("stolen.api.example.test", DS),
        ("a.b.stolen.api.example.test", 10),
        ("stolen.example.test", A),
        ("xexample.test", A),
        ("api.example.test.stolen.test", A),
        ("stolen.test", 65280),
        ("test", 2),
        ("stolen", A),
        ("4.3.2.1.in-addr.arpa", 12),
    ] {
        assert_eq!(asker.ask(name, kind), GONE, "{name} {kind}");
    }
    assert_eq!(asked(), [""; 0]);
}

const ALLOWLIST: &str = "  egress:
    mode: allowlist
    allow:
      - to: api.example.test
        ports: [443]
      - to: example.test
        ports: [443]
      - to: blocked.test
        ports: [443]
";

fn an_allowlist_asks_for_its_names_only(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let upstream = Upstream::new();
    fs::write(lab.dir().join("list"), "blocked.test\n").expect("a list");
    init(&lab, &format!("{ALLOWLIST}  dns:\n    block: [list]\n    upstream: {}\n", upstream.address()));
    let asker = Asker::new(&lab);
    only_what_is_allowed_leaves(&asker, || upstream.asked());
    assert_eq!(asker.ask("blocked.test", A), GONE);
    // Not even what is no question at all.
    for opcode in 1..16 {
        asker.try_to_ask(opcode, &format!("operation-{opcode}.test"), A, 1);
    }
    assert_eq!(asker.ask("", 2), GONE);
    assert_eq!(upstream.asked(), [""; 0]);
}

fn an_allowlist_holds_with_the_hosts_own_resolver(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    // The host's own file is not for tests to change: another one in its place, with a resolver on the loopback, too.
    let address = format!("127.80.{}.53", daemon.slot().0);
    let upstream = Upstream::at(None, &format!("{address}:53"));
    fs::write(lab.dir().join("resolv.conf"), format!("nameserver {address}\n")).expect("a file");
    init(&lab, ALLOWLIST);
    let told = told(&lab).as_str().expect("a text").to_owned();
    let told = format!("raw.dnsmasq={told}\nresolv-file={}", lab.dir().join("resolv.conf").display());
    daemon.incus(&["network", "set", &lab.network(), &told]).run().ok();
    let asker = Asker::new(&lab);
    only_what_is_allowed_leaves(&asker, || upstream.asked());
}

fn a_sealed_lab_asks_nobody(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let upstream = Upstream::new();
    let dns = format!("  dns:\n    upstream: {}\n", upstream.address());
    init(&lab, &dns);
    let asker = Asker::new(&lab);
    assert_eq!(asker.ask("example.test", A), THERE);
    assert_eq!(upstream.asked(), ["example.test"]);
    init(&lab, &format!("  egress:\n    mode: sealed\n{dns}"));
    for (name, kind) in [("example.test", A), ("other.test", TXT), ("test", DS), ("", 2), ("localhost", A)] {
        assert_eq!(asker.ask(name, kind), GONE, "{name}");
    }
    for opcode in 1..16 {
        asker.try_to_ask(opcode, "stolen.test", A, 1);
    }
    assert_eq!(upstream.asked(), [""; 0]);
}

fn a_filter_outlives_the_daemon(shared: &Daemon) {
    let daemon = shared.another();
    let lab = Lab::new(&daemon);
    let upstream = Upstream::new();
    fs::write(lab.dir().join("list"), "ads.test\n").expect("a list");
    init(&lab, &format!("  dns:\n    block: [list]\n    upstream: {}\n", upstream.address()));
    fs::remove_file(lab.dir().join("list")).expect("the list was read");
    let asker = Asker::new(&lab);
    daemon.restart();
    assert_eq!(asker.ask("ads.test", A), GONE);
    assert_eq!(asker.ask("example.test", A), THERE);
    daemon.kill();
    assert_eq!(asker.ask("ads.test", A), GONE);
    daemon.start();
    assert_eq!(asker.ask("ads.test", A), GONE);
    assert_eq!(upstream.asked(), ["example.test"]);
}

fn guests_are_not_told_of_each_other(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let upstream = Upstream::new();
    init(&lab, &format!("  dns:\n    upstream: {}\n", upstream.address()));
    lab.import_tiny();
    let (guest, small) = (format!("{}-guest", lab.name()), format!("{}-small", lab.name()));
    lab.launch_tiny_with(&["one", "-p", &guest, "-p", &small]);
    let lease = "for try in 1 2 3 4 5; do udhcpc -n -q -i eth0 -x hostname:wpad -s /bin/true 2>&1 | grep obtained && break; done";
    let lease = lab.incus(&["exec", "one", "--", "sh", "-c", lease]).run().ok();
    let own = lease.split_whitespace().find(|word| word.starts_with("10.")).expect("a lease").to_owned();
    let asker = Asker::new(&lab);
    assert_eq!(asker.ask("wpad", A), GONE);
    assert_ne!(asker.ask("one.incus", A).address.map(|address| address.to_string()), Some(own.clone()));
    let octets: Vec<&str> = own.split('.').rev().collect();
    assert_eq!(asker.ask(&format!("{}.in-addr.arpa", octets.join(".")), 12), GONE);
}

fn a_list_that_is_none_changes_nothing(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    fs::write(lab.dir().join("list"), "ads.test\n").expect("a list");
    init(&lab, "  dns:\n    block: [list]\n");
    let before = told(&lab);
    fs::write(lab.dir().join("list"), "ads.test\ndhcp-script=/bin/sh\nconf-file=/etc/passwd\n").expect("a list");
    let said = lab.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.contains("list:2: `dhcp-script=/bin/sh` blocks no name, and 1 other"), "{said}");
    fs::remove_file(lab.dir().join("list")).expect("it is there");
    let said = lab.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.contains("cannot read the block list "), "{said}");
    let own = lab.address(9);
    lab.set_file(&format!("  dns:\n    upstream: {own}:53\n"));
    let said = lab.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.contains("which is in the lab's own subnet"), "{said}");
    assert_eq!(told(&lab), before);
}

fn questions_leave_encrypted(daemon: &Daemon) {
    tls::questions_leave_encrypted(daemon);
}
