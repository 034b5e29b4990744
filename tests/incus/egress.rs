//! What guests reach, with real packets: in each mode, beside each allowance, and by name. Namespaces play the production
//! network and the public internet.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{self, Output, Program, Running};
use crate::harness::{Daemon, Lab, Lan, Test, tests, tiny};

pub(crate) const TESTS: &[Test] = tests![
    each_mode_opens_what_it_says_and_nothing_else,
    a_name_opens_what_it_is_answered_with,
    a_name_that_nobody_answers_opens_nothing,
    each_mode_is_proven,
    what_can_not_be_allowed_is_refused,
    as_much_as_can_be_allowed_is_taken
];

/// Longer than any test.
const LONG: Duration = Duration::from_mins(10);

/// A lab with a guest, between a network of neighbours, the public internet, and the host itself.
struct Street<'d> {
    lab: Lab<'d>,
    lan: Lan,
    _servers: Vec<Running>,
}

impl<'d> Street<'d> {
    fn new(daemon: &'d Daemon) -> Self {
        let lab = Lab::new(daemon);
        lab.podclaw(&["init"]).run().ok();
        let lan = Lan::new(&lab);
        let [a, b] = daemon.slot().network();
        let near = |host: u8| format!("{a}.{b}.255.{host}");
        let name = format!("{}lan", lab.name());
        // A second neighbour, and a second port of everything that is there.
        let inside = format!("{name}1");
        let second = format!("{}/24", near(3));
        Program::new("ip").args(&["-n", &name, "address", "add", &second, "dev", &inside]).run().ok();
        let server = Program::new("ip").args(&["netns", "exec", &name]).arg(tiny::busybox());
        let server = server.args(&["httpd", "-f", "-p", "8081", "-h", "/"]).timeout(LONG).start();
        until_it_answers(&near(2), 8081);
        let mut servers = vec![server];
        // What the host itself serves, to its neighbours and to its bridge.
        for at in [near(1), lab.address(1)] {
            let server = Program::new(tiny::busybox()).args(&["httpd", "-f", "-p", &format!("{at}:8080"), "-h", "/"]);
            servers.push(server.timeout(LONG).start());
            until_it_answers(&at, 8080);
        }
        let street = Self { lab, lan, _servers: servers };
        street.lab.launch_own("one", &[]);
        street
    }

    /// An address of the network that the host is in. It has number 1 itself.
    fn near(&self, host: u8) -> String {
        let [a, b] = self.lab.daemon().slot().network();
        format!("{a}.{b}.255.{host}")
    }

    /// The address in the public internet.
    fn public(&self) -> String {
        self.lan.public().split(':').next().unwrap_or_default().to_owned()
    }

    /// Every place that there is, by what it is called here.
    fn places(&self) -> Vec<(&'static str, String, u16)> {
        vec![
            ("public", self.public(), 8080),
            ("public, next port", self.public(), 8081),
            ("neighbour", self.near(2), 8080),
            ("neighbour, next port", self.near(2), 8081),
            ("next neighbour", self.near(3), 8080),
            ("host", self.near(1), 8080),
            ("bridge", self.lab.address(1), 8080),
        ]
    }

    /// Puts this into the lab file, has `init` do it, and looks what the running guest reaches then.
    #[track_caller]
    fn reaches(&self, egress: &str, wanted: &[&str]) {
        self.lab.set_file(&format!("  egress: {egress}\n"));
        let said = self.lab.podclaw(&["init"]).run().ok();
        let again = self.lab.podclaw(&["init"]).run().ok();
        assert!(again.contains("is as it has to be"), "{egress}: {said}\nand again: {again}");
        // Each of the two locks alone says the same as both.
        let acl = format!("{}-egress", self.lab.name());
        let rules = || self.lab.daemon().incus(&["network", "acl", "show", &acl]).run();
        assert_eq!(self.reached(), wanted, "{egress}: {said}\n{}", rules());
        self.lab.remove_fence();
        assert_eq!(self.reached(), wanted, "{egress}, by the ACL alone: {said}\n{}", rules());
        self.lab.podclaw(&["init"]).run().ok();
        self.lab.daemon().incus(&["network", "unset", &self.lab.network(), "security.acls"]).run().ok();
        assert_eq!(self.reached(), wanted, "{egress}, by the fence alone: {said}");
    }

    /// What of all places the guest reaches. It tries all of them at once, as what is silent is waited for.
    fn reached(&self) -> Vec<&'static str> {
        let mut script = String::new();
        for (name, address, port) in self.places() {
            let _ = writeln!(script, "(nc -w 3 {address} {port} </dev/null >/dev/null 2>&1 && echo '{name}') &");
        }
        let reached = self.lab.exec(&["one", "--", "sh", "-c", &format!("{script}wait")], "").ok();
        let reached: Vec<&str> = reached.lines().collect();
        self.places().into_iter().map(|(name, ..)| name).filter(|name| reached.contains(name)).collect()
    }
}

fn until_it_answers(address: &str, port: u16) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect((address, port)).is_err() {
        assert!(Instant::now() < deadline, "{address}, port {port}, does not answer");
        thread::sleep(Duration::from_millis(20));
    }
}

fn each_mode_opens_what_it_says_and_nothing_else(daemon: &Daemon) {
    let street = Street::new(daemon);
    let (neighbour, public) = (street.near(2), street.public());
    let both = ["public", "public, next port"];
    street.reaches("{mode: open}", &both);
    let one = format!("allow: [{{to: {neighbour}, ports: [8080]}}]");
    street.reaches(&format!("{{mode: open, {one}}}"), &[both[0], both[1], "neighbour"]);
    street.reaches(&format!("{{mode: allowlist, {one}}}"), &["neighbour"]);
    street.reaches("{mode: allowlist}", &[]);
    street.reaches(&format!("{{mode: allowlist, allow: [{{to: {public}, ports: [8000-8080]}}]}}"), &["public"]);
    let by_udp = format!("{{mode: allowlist, allow: [{{to: {neighbour}, protocol: udp, ports: [8080]}}]}}");
    street.reaches(&by_udp, &[]);
    // A whole network, in which the host is, too.
    let wide = format!("{{mode: allowlist, allow: [{{to: {}/24, ports: [8080]}}]}}", street.near(0));
    street.reaches(&wide, &["neighbour", "next neighbour"]);
    street.reaches("{mode: sealed}", &[]);
    street.reaches("{mode: open}", &both);

    // Without both locks everything is in reach, so each of these could have been.
    street.lab.remove_fence();
    let all: Vec<&str> = street.places().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(street.reached(), all);
    street.lab.podclaw(&["init"]).run().ok();

    // What differs is said rule by rule.
    street.lab.set_file(&format!("  egress: {{mode: allowlist, {one}}}\n"));
    let dry = street.lab.podclaw(&["init", "--dry-run"]).run().ok();
    for line in [
        "    - egress[allow public internet]: 1.0.0.0/8,",
        &format!("    + egress[allow tcp 8080 {neighbour}]: {neighbour}/32\n"),
        "    - egress[reject 10.0.0.0/8]: private\n    + egress[reject 10.0.0.0/8]: 10.",
        "guests reach what the lab file allows, and nothing else (allowlist)\n",
        &format!("    {neighbour} tcp 8080\n"),
    ] {
        assert!(dry.contains(line), "{line} is missing in\n{dry}");
    }
}

/// A resolver that is asked in place of the host's own.
struct Resolver {
    file: std::path::PathBuf,
    address: String,
    server: Option<Running>,
}

impl Resolver {
    fn new(lab: &Lab) -> Self {
        let address = format!("127.53.{}.1", lab.daemon().slot().0);
        let file = lab.dir().join("resolv.conf");
        fs::write(&file, format!("nameserver {address}\noptions timeout:1 attempts:1\n")).expect("a file");
        Self { file, address, server: None }
    }

    /// From now on this is what it answers.
    fn answer(&mut self, name: &str, addresses: &[&str]) {
        drop(self.server.take());
        let listen = format!("--listen-address={}", self.address);
        let answers: Vec<String> = addresses.iter().map(|address| format!("--host-record={name},{address}")).collect();
        let server =
            Program::new("dnsmasq").args(&["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces"]);
        let server = server.args(&["--conf-file=/dev/null", "--pid-file=", "--user=root", &listen]).args(&answers);
        self.server = Some(server.timeout(LONG).start());
        until_it_answers(&self.address, 53);
    }

    fn podclaw(&self, lab: &Lab, arguments: &[&str]) -> Output {
        let with = "mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"";
        let program = lab.daemon().program("unshare").args(&["--mount", "sh", "-c", with, "sh"]).arg(&self.file);
        let program = program.arg(common::PODCLAW).args(arguments).cwd(lab.dir());
        program.arg("--socket").arg(lab.daemon().socket()).arg("--lab-file").arg(lab.file()).run()
    }
}

const NAME: &str = "api.podclaw.test";

/// The addresses that the ACL has for the name.
fn opened(lab: &Lab) -> String {
    let acl = lab.daemon().get(&format!("/1.0/network-acls/{}-egress", lab.name()));
    let rules = acl["egress"].as_array().cloned().unwrap_or_default();
    let rule = rules.iter().find(|rule| rule["description"] == format!("name {NAME}"));
    rule.map(|rule| rule["destination"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

/// Makes what the ACL remembers of the name older by so many seconds.
fn age(lab: &Lab, seconds: i64) {
    let acl = format!("{}-egress", lab.name());
    let has = lab.daemon().get(&format!("/1.0/network-acls/{acl}"));
    let book = has["config"]["user.podclaw.names"].as_str().expect("a book");
    let mut book: Value = serde_json::from_str(book).expect("JSON");
    for seen in book[NAME].as_object_mut().expect("addresses").values_mut() {
        *seen = (seen.as_i64().expect("a time") - seconds).into();
    }
    lab.daemon().incus(&["network", "acl", "set", &acl, &format!("user.podclaw.names={book}")]).run().ok();
}

fn a_name_opens_what_it_is_answered_with(daemon: &Daemon) {
    let street = Street::new(daemon);
    let lab = &street.lab;
    let public = street.public();
    let mut resolver = Resolver::new(lab);
    resolver.answer(NAME, &["203.0.113.250"]);
    lab.set_file(&format!("  egress: {{mode: allowlist, allow: [{{to: {NAME}, ports: [8080]}}]}}\n"));
    let said = resolver.podclaw(lab, &["init"]).exits(0);
    assert!(said.stdout.contains(&format!("    {NAME} tcp 8080 (203.0.113.250)\n")), "{said}");
    assert_eq!(opened(lab), "203.0.113.250/32");
    let reached = |address: &str| {
        let script = format!("nc -w 3 {address} 8080 </dev/null >/dev/null 2>&1 && echo yes || echo no");
        lab.exec(&["one", "--", "sh", "-c", &script], "").ok() == "yes\n"
    };
    assert!(!reached(&public));

    // It has another address now. A lab is in order with what it had; a refresh opens the new one, and the old one stays
    // for a while.
    resolver.answer(NAME, &[&public]);
    let dry = resolver.podclaw(lab, &["init", "--dry-run"]).exits(0);
    assert!(dry.stdout.contains("is as it has to be"), "{dry}");
    let refreshed = resolver.podclaw(lab, &["init", "--refresh-names"]).exits(0);
    assert!(refreshed.stdout.contains(&format!("    + egress[allow tcp 8080 name {NAME}]: 203.0.113.")), "{refreshed}");
    assert!(reached(&public), "{refreshed}");
    let both: BTreeSet<String> = opened(lab).split(',').map(str::to_owned).collect();
    assert_eq!(both, ["203.0.113.250/32".to_owned(), format!("{public}/32")].into());
    let again = resolver.podclaw(lab, &["init", "--refresh-names"]).exits(0);
    assert!(again.stdout.contains("is as it has to be"), "{again}");
    age(lab, 3700);
    resolver.podclaw(lab, &["init", "--refresh-names"]).exits(0).ok();
    assert_eq!(opened(lab), format!("{public}/32"), "the old one has gone");

    // Whoever owns the name can't open what is not public with it.
    let (neighbour, host) = (street.near(2), street.near(1));
    resolver.answer(NAME, &[&neighbour, &host, "169.254.169.254", "127.0.0.1", &public]);
    let refused = resolver.podclaw(lab, &["init", "--refresh-names"]).exits(3);
    assert!(refused.stderr.contains(&format!("warning: {NAME} answers with ")), "{refused}");
    assert_eq!(opened(lab), format!("{public}/32"));
    assert!(!reached(&neighbour) && !reached(&host) && reached(&public));

    // What nobody has looked up for long is nothing that a launch relies on.
    age(lab, 25 * 3600);
    let stale = resolver.podclaw(lab, &["init", "--dry-run"]).exits(0);
    assert!(stale.stdout.contains(&format!("    - names[{NAME}]: seen ")), "{stale}");
    let launched = resolver.podclaw(lab, &["launch", "--cold", "two"]).exits(3);
    assert!(launched.stderr.contains("is not as it has to be: names["), "{launched}");
}

fn a_name_that_nobody_answers_opens_nothing(daemon: &Daemon) {
    let street = Street::new(daemon);
    let lab = &street.lab;
    let mut resolver = Resolver::new(lab);
    resolver.answer("other.podclaw.test", &["203.0.113.250"]);
    lab.set_file(&format!("  egress: {{mode: allowlist, allow: [{{to: {NAME}, ports: [8080]}}]}}\n"));
    let said = resolver.podclaw(lab, &["init"]).exits(0);
    assert!(said.stderr.contains(&format!("warning: nothing is open for {NAME}: ")), "{said}");
    assert_eq!(opened(lab), "");
    let dry = resolver.podclaw(lab, &["init", "--dry-run"]).exits(0);
    assert!(dry.stdout.contains("is as it has to be"), "a closed lab is in order: {dry}");

    resolver.answer(NAME, &[&street.public()]);
    resolver.podclaw(lab, &["init", "--refresh-names"]).exits(0).ok();
    assert_eq!(opened(lab), format!("{}/32", street.public()));
    // The resolver dies: what it said stays open for an hour, and no longer.
    drop(resolver.server.take());
    let said = resolver.podclaw(lab, &["init", "--refresh-names"]).exits(3);
    assert!(said.stderr.contains("stays open for an hour at most"), "{said}");
    assert_eq!(opened(lab), format!("{}/32", street.public()));
    age(lab, 3700);
    resolver.podclaw(lab, &["init", "--refresh-names"]).exits(3).stdout.clear();
    assert_eq!(opened(lab), "");

    // A timer does not bring a lab back.
    let gone = Lab::new(daemon);
    let said = gone.podclaw(&["init", "--refresh-names"]).run().exits(3);
    assert!(said.stderr.contains("there is no lab"), "{said}");
    assert_eq!(daemon.incus(&["project", "show", gone.name()]).run().code, 1);
}

struct Proof(Value, Output);

impl Proof {
    fn verdict(&self, probe: &str) -> &str {
        self.probe(probe)["verdict"].as_str().unwrap_or("not run")
    }

    fn probe(&self, id: &str) -> &Value {
        let probes = self.0["guests"][0]["probes"].as_array().expect("probes");
        probes.iter().find(|probe| probe["id"] == id).unwrap_or(&Value::Null)
    }

    #[track_caller]
    fn says(&self, wanted: &[(&str, &str)]) {
        for (probe, verdict) in wanted {
            assert_eq!(self.verdict(probe), *verdict, "{probe}: {}\n{}", self.probe(probe), self.1.stderr);
        }
    }
}

/// Addresses that the probes shoot at, led to the namespace: nothing of this leaves the machine.
struct Detour(String);

impl Detour {
    const TO: [&str; 2] = ["1.1.1.1/32", "8.8.4.4/32"];

    fn new(street: &Street) -> Self {
        let metric = (1000 + u32::from(street.lab.daemon().slot().0)).to_string();
        let (name, via) = (format!("{}lan", street.lab.name()), street.near(2));
        for to in Self::TO {
            Program::new("ip").args(&["-n", &name, "address", "add", to, "dev", "lo"]).run().ok();
            Program::new("ip").args(&["route", "add", to, "via", &via, "metric", &metric]).run().ok();
        }
        Self(metric)
    }
}

impl Drop for Detour {
    fn drop(&mut self) {
        for to in Self::TO {
            let _ = Program::new("ip").args(&["route", "delete", to, "metric", &self.0]).run();
        }
    }
}

fn each_mode_is_proven(daemon: &Daemon) {
    let street = Street::new(daemon);
    let lab = &street.lab;
    let _detour = Detour::new(&street);
    let prove = || {
        let output = lab.podclaw(&["prove", "one", "--format", "json"]).run();
        Proof(output.json(), output)
    };
    let set = |egress: &str| {
        lab.set_file(&format!("  egress: {egress}\n"));
        lab.podclaw(&["init"]).run().ok();
        // What the ACL stops is looked at here; beside the fence nobody would see it open.
        lab.remove_fence();
    };
    let acl = format!("{}-egress", lab.name());
    let rule = |what: &str, rule: &[&str]| {
        daemon.incus(&["network", "acl", "rule", what, &acl, "egress"]).args(rule).run().ok();
    };
    let (good, bad) = ("contained", "not-contained");

    prove().says(&[("control-egress", good), ("net-public", "not run"), ("net-allowed", "not run"), ("net-lan", good)]);

    set("{mode: sealed}");
    prove().says(&[("control-egress", good), ("control-resolver", good), ("net-public", good), ("net-lan", good)]);
    // What rejects everything also holds beside a rule that allows.
    rule("add", &["action=allow", "state=enabled"]);
    prove().says(&[("net-public", good), ("net-lan", good)]);
    rule("remove", &["action=reject"]);
    prove().says(&[("net-public", bad), ("net-lan", bad), ("net-host", bad)]);

    let neighbour = street.near(2);
    set(&format!("{{mode: allowlist, allow: [{{to: {neighbour}, ports: [8080]}}]}}"));
    prove().says(&[("control-egress", good), ("net-public", good), ("net-allowed", good), ("net-lan", good)]);
    rule("add", &["action=allow", "state=enabled", &format!("destination={neighbour}")]);
    prove().says(&[("control-egress", good), ("net-public", good), ("net-allowed", bad), ("net-lan", bad)]);
    rule("add", &["action=allow", "state=enabled", "destination=1.1.1.1", "protocol=tcp", "destination_port=443"]);
    prove().says(&[("net-public", bad)]);
    set(&format!("{{mode: allowlist, allow: [{{to: {neighbour}, protocol: udp, ports: [9000-9001]}}]}}"));
    prove().says(&[("control-egress", good), ("net-public", good), ("net-allowed", good), ("net-lan", good)]);
    set("{mode: allowlist}");
    prove().says(&[("control-egress", good), ("net-public", good), ("net-allowed", "not run")]);

    // In the mode `open`, an allowance opens its own port and no other.
    set(&format!("{{allow: [{{to: {neighbour}, ports: [8080]}}]}}"));
    prove().says(&[("control-egress", good), ("net-public", "not run"), ("net-allowed", good), ("net-lan", good)]);
}

fn what_can_not_be_allowed_is_refused(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let [a, b] = daemon.slot().network();
    for (to, why) in [
        (format!("{a}.{b}.255.1"), "it is an address of this host"),
        (lab.address(7), "it is in the lab's own subnet"),
        ("169.254.169.254".into(), "cloud metadata"),
        ("0.0.0.0/0".into(), "too wide"),
    ] {
        lab.set_file(&format!("  egress: {{allow: [{{to: {to}, ports: [443]}}]}}\n"));
        for command in [&["init"][..], &["init", "--dry-run"], &["launch", "--cold"]] {
            let said = lab.podclaw(command).run().exits(3);
            assert!(said.stderr.contains(why), "{to}: {said}");
        }
    }
    drop(lan);
}

fn as_much_as_can_be_allowed_is_taken(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    // Scattered, so that as little as possible of what is left of the private ranges is in one piece.
    let ports: Vec<String> = (1..=15).map(|port| (port * 1000).to_string()).collect();
    let allow: Vec<String> = (1..=64_u32)
        .map(|number| format!("{{to: 10.{}.{}.{}, ports: [{}]}}", number * 3, number * 2 + 1, number, ports.join(", ")))
        .collect();
    lab.set_file(&format!("  egress: {{allow: [{}]}}\n", allow.join(", ")));
    lab.podclaw(&["init"]).run().ok();
    let again = lab.podclaw(&["init"]).run().ok();
    assert!(again.contains("is as it has to be"), "{again}");
    let acl = daemon.get(&format!("/1.0/network-acls/{}-egress", lab.name()));
    let rules = acl["egress"].as_array().map_or(0, Vec::len);
    assert!(rules > 64, "{rules} rules");
}
