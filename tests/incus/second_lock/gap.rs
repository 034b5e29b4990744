//! No packet gets through while rules are made anew.
//!
//! A network namespace on the lab's bridge, in the place of a guest, sends to the host and to the host's neighbour every
//! millisecond. Both count what arrives, and answer, so that the kernel takes the connection for an established one.

use std::thread;
use std::time::{Duration, Instant};

use super::flood::{Counter, PORT, Watch};
use crate::common::Program;
use crate::harness::{Daemon, Lab, Lan, Test, tests};

pub(super) const TESTS: &[Test] = tests![
    nothing_gets_through_while_rules_are_made_anew,
    nothing_gets_through_while_a_guest_starts,
    incus_rules_stand_before_guests_start
];

fn nothing_gets_through_while_rules_are_made_anew(daemon: &Daemon) {
    let mine = daemon.another();
    let lab = Lab::new(&mine);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let watch = Watch::new(&lab, &lan);
    let network = lab.network();
    let set = |key: &str| {
        // The bridge's dnsmasq that a killed daemon left may still be ending, and then Incus can't start the next one.
        for _ in 0..5 {
            let said = mine.incus(&["network", "set", &network, key]).run();
            if !said.stderr.contains("Address already in use") {
                drop(said.ok());
                return;
            }
            thread::sleep(Duration::from_millis(300));
        }
        panic!("the bridge's dnsmasq never ended");
    };
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
    let arrived = || counters.each_ref().map(Counter::take);
    launch_sender(&lab, &lan);
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

/// As after a start of the machine: no bridge, no rules, and a guest that is started with the daemon, which podclaw's own
/// never are.
fn incus_rules_stand_before_guests_start(daemon: &Daemon) {
    let mine = daemon.another();
    let lab = Lab::new(&mine);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let counters = [Counter::start(None, lan.host()), Counter::start(Some(lan.namespace()), "0.0.0.0")];
    let arrived = || counters.each_ref().map(Counter::take);
    launch_sender(&lab, &lan);
    lab.incus(&["config", "set", "g", "boot.autostart=true"]).run().ok();
    let network = lab.network();
    let reboot = || {
        lab.incus(&["stop", "--force", "g"]).run().ok();
        mine.kill();
        Program::new("ip").args(&["link", "delete", &network]).run().ok();
        let chains = ["aclin", "aclout", "aclfwd", "acl", "fwd", "pstrt", "in", "out"];
        for verb in ["flush", "delete"] {
            for chain in chains {
                // Without an ACL, some of them are not there.
                let _ =
                    Program::new("nft").args(&[verb, "chain", "inet", "incus", &format!("{chain}.{network}")]).run();
            }
        }
        arrived();
        mine.start();
        let deadline = Instant::now() + Duration::from_secs(30);
        while lab.incus(&["list", "g", "-f", "csv", "-c", "s"]).run().stdout != "RUNNING\n" {
            assert!(Instant::now() < deadline, "the guest does not start with the daemon");
            thread::sleep(Duration::from_millis(100));
        }
        thread::sleep(Duration::from_secs(2));
        arrived()
    };
    lab.remove_fence();
    assert_eq!(reboot(), [0, 0], "packets got through before Incus' rules stood");
    let refused = lab.podclaw(&["launch", "--cold", "--dry-run"]).run().exits(3);
    assert!(refused.stderr.contains("it is missing"), "{refused}");

    mine.incus(&["network", "unset", &network, "security.acls"]).run().ok();
    let seen = reboot();
    assert!(seen.iter().all(|count| *count > 0), "the counters see {seen:?} of a guest without rules");
}

/// Launches a guest that sends to the host and to its neighbour from its first moment on.
fn launch_sender(lab: &Lab, lan: &Lan) {
    let profiles = ["guest", "small"].map(|name| format!("{}-{name}", lab.name()));
    lab.launch_tiny_with(&["g", "-p", &profiles[0], "-p", &profiles[1]]);
    let leases = format!("/1.0/networks/{}/leases?project={}", lab.network(), lab.name());
    let (gateway, host, neighbour) = (lab.address(1), lan.host(), lan.neighbour());
    // From the address that it will be given. Of what busybox has, this client sends datagrams to any port.
    let address = lease(lab.daemon(), &leases);
    let flood = format!(
        "ifconfig eth0 {address} netmask 255.255.255.0 up; route add default gw {gateway}
         send() {{ while :; do timeout 1 tftp -g -r x -l /dev/null $1 {PORT} || usleep 1000; done; }}
         for sender in 1 2 3 4; do send {host} & send {neighbour} & done; wait"
    );
    let inittab = "::sysinit:/bin/ifconfig lo up\n::respawn:/bin/sh /flood >/dev/null 2>&1\n";
    for (path, text) in [("g/flood", &*flood), ("g/etc/inittab", inittab)] {
        lab.incus(&["file", "push", "-", path]).stdin(text).run().ok();
    }
}

/// The address that the lab's only guest was given, once it was.
fn lease(daemon: &Daemon, leases: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = daemon.get(leases);
        let all = found.as_array().into_iter().flatten();
        let mut of_guest = all.filter(|lease| lease["type"] == "dynamic").filter_map(|lease| lease["address"].as_str());
        if let Some(address) = of_guest.find(|address| address.contains('.')) {
            return address.to_owned();
        }
        assert!(Instant::now() < deadline, "the guest gets no address: {found}");
        thread::sleep(Duration::from_millis(100));
    }
}
