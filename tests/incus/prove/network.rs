//! The network without its protections, one after the other, and without life.

use std::time::Duration;

use super::Proving;
use crate::common::Program;
use crate::harness::{Daemon, Lan, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    the_network_without_its_firewall,
    each_firewall_alone,
    the_card_without_its_protections,
    what_else_hangs_on_the_bridge,
    a_dead_network_is_not_contained
];

fn the_network_without_its_firewall(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let lan = Lan::new(&proving.lab);
    // What the attempts are for is behind the neighbour, so that none of them leaves this machine.
    for address in NOT_PUBLIC.iter().chain(&RESOLVERS) {
        lan.behind(address);
    }
    proving.launch("one", &[]);
    let (network, acl) = (proving.lab.network(), format!("{}-egress", proving.lab.name()));
    let set = |setting: &str| daemon.incus(&["network", "set", &network, setting]).run().ok();

    // From the network of the host a guest is reached as well.
    let reach = |address: &str| {
        let nc = lan.program("nc").args(&["-w", "2", address, "18789"]).timeout(Duration::from_secs(20));
        nc.run().stdout.contains("hello")
    };
    let address = proving.sh("one", "ifconfig eth0 | sed -n 's/.*inet addr:\\([0-9.]*\\).*/\\1/p'");
    proving.sh("one", "(while :; do echo hello | nc -l -p 18789; done) >/dev/null 2>&1 </dev/null &");
    assert!(!reach(address.trim()), "the lab lets its guests be reached");
    set("ipv6.address=fd42:70:63::1/64");
    daemon.incus(&["network", "unset", &network, "security.acls"]).run().ok();
    // Without the ACL, the lab's own firewall table still stands.
    assert!(!reach(address.trim()), "the lab lets its guests be reached");
    proving.prove(&["one"], &[]).only_red(&["gateway-loopback", "net-acl"]);
    proving.lab.remove_fence();
    assert!(reach(address.trim()), "nothing keeps anybody off now");
    let open = proving.prove(&["one"], &[]);
    open.red(&["net-host", "net-lan", "net-reserved", "net-metadata", "net-resolvers", "net-inbound", "net-ipv6"]);
    set(&format!("security.acls={acl}"));
    set("ipv6.address=none");
    // And without that table, the ACL does.
    proving.prove(&["one"], &[]).only_red(&["gateway-loopback", "net-fence"]);

    // One hole at a time.
    let hole = |direction: &str, rule: &[&str], red: &str| {
        let arguments = [&["network", "acl", "rule", "add", &acl, direction, "action=allow"], rule].concat();
        daemon.incus(&arguments).run().ok();
        let removed = [&["network", "acl", "rule", "remove", &acl, direction, "action=allow"], rule].concat();
        proving.prove(&["one"], &[]).only_red(&["gateway-loopback", "net-acl", "net-fence", red]);
        daemon.incus(&removed).run().ok();
    };
    hole("ingress", &["source=0.0.0.0/0", "protocol=tcp", "destination_port=18789"], "net-inbound");
    proving.prove(&["one"], &[]).only_red(&["gateway-loopback", "net-fence"]);
}

/// One of two is enough to keep a guest in. That it is the only one left is said all the same.
fn each_firewall_alone(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let _lan = Lan::new(&proving.lab);
    proving.launch("one", &[]);
    let (lab, network) = (proving.lab.name(), proving.lab.network());
    let fence = format!("podclaw_{lab}");
    let nft = |arguments: &[&str]| Program::new("nft").args(arguments).run().ok();
    let mend = || proving.lab.podclaw(&["init"]).run().ok();
    let both = proving.prove(&["one"], &[]);
    both.none_red();
    both.green(&["net-acl", "net-fence"]);

    proving.lab.remove_fence();
    let gone = proving.prove(&["one"], &[]);
    gone.only_red(&["net-fence"]);
    gone.green(&["net-acl", "net-host", "net-lan", "net-inbound"]);
    assert!(gone.output.stdout.contains("one of the two locks is open"), "{gone}");
    mend();
    for chain in ["host", "egress", "ingress"] {
        nft(&["flush", "chain", "inet", &fence, chain]);
        proving.prove(&["one"], &[]).only_red(&["net-fence"]);
        mend();
    }
    // What opens an address that is not tried is seen all the same.
    nft(&["insert", "rule", "inet", &fence, "egress", "ip", "daddr", "10.77.77.77", "accept"]);
    let opened = proving.prove(&["one"], &[]);
    opened.none_red();
    opened.unknown(&["net-fence"]);
    assert!(opened.output.stdout.contains("10.77.77.77"), "{opened}");
    mend();

    daemon.incus(&["network", "unset", &network, "security.acls"]).run().ok();
    let gone = proving.prove(&["one"], &[]);
    gone.only_red(&["net-acl"]);
    gone.green(&["net-fence", "net-host", "net-lan", "net-inbound"]);
    mend();
    // The daemon still says that all is well.
    for chain in ["aclin", "aclfwd", "aclout", "acl"] {
        nft(&["flush", "chain", "inet", "incus", &format!("{chain}.{network}")]);
        proving.prove(&["one"], &[]).only_red(&["net-acl"]);
        daemon.incus(&["network", "unset", &network, "security.acls"]).run().ok();
        mend();
    }
    proving.prove(&["one"], &[]).green(&["net-acl", "net-fence"]);
}

/// Addresses that stand for ranges, and the one at which clouds tell their secrets.
const NOT_PUBLIC: [&str; 7] = [
    "10.255.255.254",
    "172.31.255.254",
    "192.168.255.254",
    "100.127.255.254",
    "198.19.255.254",
    "192.0.0.254",
    "169.254.169.254",
];
/// Resolvers of the public internet.
const RESOLVERS: [&str; 3] = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];

fn the_card_without_its_protections(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let _lan = Lan::new(&proving.lab);
    proving.launch("one", &[]);
    proving.launch("two", &[]);
    let card = |key: &str, guests: &[&str]| {
        for guest in guests {
            let device = ["config", "device"];
            let has = proving.lab.incus(&["config", "device", "get", guest, "eth0", "type"]).run().code == 0;
            proving.set(&[&device[..], &[if has { "set" } else { "override" }, guest, "eth0", key]].concat());
        }
        for guest in ["one", "two"] {
            proving.lab.give_address(guest);
        }
    };
    card("security.port_isolation=false", &["one", "two"]);
    proving.prove(&["one"], &[]).only_red(&["net-sibling"]);
    // Only the other one's: it is reached all the same.
    card("security.port_isolation=true", &["one"]);
    proving.prove(&["one"], &[]).only_red(&["net-sibling"]);
    card("security.port_isolation=true", &["two"]);
    proving.prove(&["one"], &[]).none_red();

    card("security.ipv4_filtering=false", &["one"]);
    proving.prove(&["one"], &[]).only_red(&["net-source-spoof", "net-arp-spoof"]);
    card("security.mac_filtering=false", &["one"]);
    proving.prove(&["one"], &[]).red(&["net-mac-spoof"]);
}

/// A guest of somebody else, and any other link: no guest of the lab, and next to them.
fn what_else_hangs_on_the_bridge(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let _lan = Lan::new(&proving.lab);
    proving.launch("one", &[]);
    proving.prove(&["one"], &[]).green(&["net-sibling"]);
    let (bridge, link) = (proving.lab.network(), format!("{}x", proving.lab.name()));
    let ip = |arguments: &[&str]| Program::new("ip").args(arguments).run().ok();
    ip(&["link", "add", &link, "type", "veth", "peer", "name", &format!("{link}y")]);
    ip(&["link", "set", &link, "master", &bridge]);
    let proofs = proving.prove(&["one"], &[]);
    ip(&["link", "delete", &link]);
    proofs.only_red(&["net-sibling"]);
    assert!(proofs.output.stdout.contains(&link), "{proofs}");
    proving.prove(&["one"], &[]).green(&["net-sibling"]);
}

/// What can't be reached because nothing can be is not contained.
fn a_dead_network_is_not_contained(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let lan = Lan::new(&proving.lab);
    proving.launch("one", &[]);
    let public = lan.public();
    let alive = proving.prove(&["one"], &["--control", &public]);
    alive.green(&["control-resolver", "control-egress"]);
    // Nobody answers there.
    let (address, _port) = public.split_once(':').expect("an address and a port");
    let egress = proving.prove(&["one"], &["--control", &format!("{address}:81")]);
    egress.unknown(&["control-egress"]);
    // Nobody answers names.
    daemon.incus(&["network", "set", &proving.lab.network(), "raw.dnsmasq=port=0"]).run().ok();
    proving.prove(&["one"], &[]).unknown(&["control-resolver"]);
    daemon.incus(&["network", "unset", &proving.lab.network(), "raw.dnsmasq"]).run().ok();
    // The guest has switched its card off: nothing of what it sends is seen, so nothing is contained.
    proving.sh("one", "ifconfig eth0 down");
    let dead = proving.prove(&["one"], &["--control", &public]);
    let told = dead.that_say("contained");
    assert!(!told.iter().any(|id| id.starts_with("control-")), "{dead}");
    for id in
        ["net-host", "net-lan", "net-reserved", "net-metadata", "net-resolvers", "net-source-spoof", "net-arp-spoof"]
    {
        assert!(!told.contains(id), "{id}: {dead}");
    }
    assert_eq!(dead.output.code, 3, "{dead}");
    // Nothing gets to it, either, and not because anything keeps it off.
    dead.unknown(&["net-inbound"]);
    daemon.incus(&["network", "unset", &proving.lab.network(), "security.acls"]).run().ok();
    proving.lab.remove_fence();
    proving.prove(&["one"], &[]).unknown(&["net-inbound"]);
}
