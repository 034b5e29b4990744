//! `podclaw prove`: with the lab as it has to be, with each protection taken away, and with guests that fight back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::Output;
use crate::harness::{Daemon, Gateway, Lab, Lan, Test, tests};
use crate::launches::ready;

pub(crate) const TESTS: &[Test] = tests![
    the_lab_contains,
    the_network_without_its_protections,
    a_guest_without_its_protections,
    guests_that_fight_back,
    many_guests,
    a_launch_proves
];

/// A lab in which tiny guests are what podclaw takes for its own.
struct Proving<'d> {
    lab: Lab<'d>,
}

impl<'d> Proving<'d> {
    fn new(daemon: &'d Daemon) -> Self {
        let lab = Lab::new(daemon);
        lab.podclaw(&["init"]).run().ok();
        lab.import_tiny();
        Self { lab }
    }

    /// Launches a guest of the profiles that real ones have, and gives it an address.
    fn launch(&self, name: &str, more: &[&str]) {
        let (lab, mark) = (self.lab.name(), format!("user.podclaw.lab={}", self.lab.name()));
        let (guest, small) = (format!("{lab}-guest"), format!("{lab}-small"));
        let arguments = [&[name, "-p", &guest, "-p", &small, "-c", &mark], more].concat();
        self.lab.launch_tiny_with(&arguments);
        self.address(name);
    }

    /// Asks for an address and takes it: the tiny image's own client only asks.
    fn address(&self, name: &str) {
        let gateway = self.lab.address(1);
        let script = format!(
            "ifconfig eth0 up
             for try in 1 2 3 4 5; do
                 address=$(udhcpc -n -q -i eth0 -s /bin/true 2>&1 | sed -n 's/.*lease of \\([0-9.]*\\) obtained.*/\\1/p')
                 [ -z \"$address\" ] || break
             done
             ifconfig eth0 $address netmask 255.255.255.0
             route add default gw {gateway} 2>/dev/null
             echo $address"
        );
        let address = self.lab.exec(&[name, "--", "sh", "-c", &script], "").ok();
        assert!(!address.trim().is_empty(), "{name} gets no address");
    }

    fn set(&self, arguments: &[&str]) {
        self.lab.incus(arguments).run().ok();
    }

    fn prove(&self, names: &[&str], more: &[&str]) -> Proofs {
        let output = self.lab.podclaw(&["prove", "--format", "json"]).args(names).args(more).run();
        Proofs { json: output.json(), output }
    }
}

struct Proofs {
    json: Value,
    output: Output,
}

impl std::fmt::Display for Proofs {
    /// What is not contained, in short.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}, which ended with {}\n{}", self.output.program, self.output.code, self.output.stderr)?;
        for guest in self.json["guests"].as_array().into_iter().flatten() {
            for probe in guest["probes"].as_array().into_iter().flatten() {
                if probe["verdict"] != "contained" {
                    writeln!(f, "{} {} {}: {}", guest["name"], probe["id"], probe["verdict"], probe["came_back"])?;
                }
            }
        }
        Ok(())
    }
}

impl Proofs {
    /// The names of the probes of the first guest that say this.
    fn that_say(&self, verdict: &str) -> BTreeSet<&str> {
        let probes = self.json["guests"][0]["probes"].as_array().expect("probes");
        probes.iter().filter(|probe| probe["verdict"] == verdict).filter_map(|probe| probe["id"].as_str()).collect()
    }

    #[track_caller]
    fn red(&self, wanted: &[&str]) {
        let red = self.that_say("not-contained");
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        assert!(wanted.is_subset(&red), "wanted {wanted:?}, and these are not contained: {red:?}\n{self}");
        assert_eq!(self.output.code, 1, "{self}");
    }

    #[track_caller]
    fn none_red(&self) {
        assert_eq!(self.that_say("not-contained"), BTreeSet::new(), "{self}");
        assert_eq!(self.output.code, 3, "{self}");
    }
}

/// What nobody can tell of a tiny guest: it has no gateway. And this kernel may be without AppArmor.
const NO_GATEWAY: [&str; 5] =
    ["gateway-capabilities", "gateway-loopback", "gateway-origin", "gateway-read-only", "gateway-token"];

fn the_lab_contains(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let lan = Lan::new(&proving.lab);
    proving.launch("one", &[]);
    proving.launch("two", &[]);
    let control = lan.public();
    let proofs = proving.prove(&["one"], &["--control", &control]);
    proofs.none_red();
    let mut unknown = proofs.that_say("could-not-tell");
    unknown.remove("kernel-apparmor");
    assert_eq!(unknown, NO_GATEWAY.into(), "{proofs}");
    assert!(proofs.that_say("contained").contains("control-egress"), "{proofs}");

    let shown = proving.lab.podclaw(&["prove", "one", "two"]).run().exits(3);
    assert!(shown.stdout.contains("PROBE") && shown.stdout.contains("What no probe can show:"), "{shown}");
    let full = proving.prove(&["one"], &["--full"]);
    let mut red = full.that_say("not-contained");
    // How quick a busy machine answers is not what is tested here.
    red.remove("limit-host");
    assert_eq!(red, BTreeSet::new(), "{full}");
    for probe in ["limit-processes", "limit-memory"] {
        assert!(full.that_say("contained").contains(probe), "{probe}: {full}");
    }
}

fn the_network_without_its_protections(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let _lan = Lan::new(&proving.lab);
    proving.launch("one", &[]);
    proving.launch("two", &[]);
    let network = proving.lab.network();
    let acl = format!("{}-egress", proving.lab.name());
    let card = |key: &str, guests: &[&str]| {
        for guest in guests {
            let device = ["config", "device"];
            let has = proving.lab.incus(&["config", "device", "get", guest, "eth0", "type"]).run().code == 0;
            proving.set(&[&device[..], &[if has { "set" } else { "override" }, guest, "eth0", key]].concat());
        }
        for guest in ["one", "two"] {
            proving.address(guest);
        }
    };

    daemon.incus(&["network", "set", &network, "ipv6.address=fd42:70:63::1/64"]).run().ok();
    daemon.incus(&["network", "unset", &network, "security.acls"]).run().ok();
    // Without the ACL, the lab's own firewall table still stands.
    proving.prove(&["one"], &[]).none_red();
    proving.lab.remove_fence();
    let open = proving.prove(&["one"], &[]);
    open.red(&["net-host", "net-lan", "net-inbound", "net-ipv6"]);
    daemon.incus(&["network", "set", &network, &format!("security.acls={acl}"), "ipv6.address=none"]).run().ok();
    proving.prove(&["one"], &[]).none_red();

    card("security.port_isolation=false", &["one", "two"]);
    proving.prove(&["one"], &[]).red(&["net-sibling"]);
    card("security.port_isolation=true", &["one", "two"]);

    card("security.ipv4_filtering=false", &["one"]);
    proving.prove(&["one"], &[]).red(&["net-source-spoof", "net-arp-spoof"]);
    card("security.mac_filtering=false", &["one"]);
    proving.prove(&["one"], &[]).red(&["net-mac-spoof"]);
}

fn a_guest_without_its_protections(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    // What the project refuses as long as it is the lab's.
    daemon.incus(&["project", "set", proving.lab.name(), "restricted=false"]).run().ok();
    proving.launch("api", &["-c", "security.guestapi=true"]);
    proving.prove(&["api"], &[]).red(&["host-guest-api"]);

    proving.set(&["config", "device", "add", "api", "etc", "disk", "source=/etc", "path=/mnt"]);
    proving.prove(&["api"], &[]).red(&["host-paths"]);
    proving.set(&["config", "device", "remove", "api", "etc"]);
    proving.set(&[
        "config",
        "device",
        "add",
        "api",
        "log",
        "unix-char",
        "source=/dev/kmsg",
        "path=/dev/kmsg",
        "mode=0666",
    ]);
    proving.prove(&["api"], &[]).red(&["host-paths"]);
    // No disk: a loop device that nothing hangs on.
    proving.set(&["config", "device", "add", "api", "disk", "unix-block", "source=/dev/loop0", "path=/dev/disk"]);
    proving.prove(&["api"], &[]).red(&["host-devices", "host-paths"]);
    proving.set(&["delete", "--force", "api"]);

    for name in ["same-a", "same-b"] {
        proving.launch(name, &["-c", "security.idmap.isolated=false"]);
    }
    proving.prove(&["same-a"], &[]).red(&["kernel-idmap"]);
    proving.set(&["delete", "--force", "same-a", "same-b"]);

    proving.launch("root", &["-c", "security.privileged=true", "-c", "security.syscalls.deny_default=false"]);
    let open = proving.prove(&["root"], &[]);
    open.red(&[
        "kernel-idmap",
        "kernel-namespaces",
        "kernel-capabilities",
        "kernel-settings",
        "kernel-log",
        "host-mounts",
    ]);
}

fn guests_that_fight_back(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let lab = &proving.lab;
    let in_guest = |name: &str, script: &str| lab.exec(&[name, "--", "sh", "-c", script], "").ok();
    let without_a_word = |proofs: &Proofs| {
        proofs.none_red();
        let told = proofs.that_say("contained");
        // What only the guest could say is not known.
        for probe in ["host-devices", "kernel-modules", "net-host", "net-lan", "control-resolver"] {
            assert!(!told.contains(probe), "{probe} is told of a guest that does not talk\n{proofs}");
        }
    };
    let within = |names: &[&str], more: &[&str]| {
        let began = Instant::now();
        let proofs = proving.prove(names, more);
        assert!(began.elapsed() < Duration::from_mins(1), "{proofs}");
        proofs
    };

    proving.launch("one", &[]);
    // A gateway that takes connections and says nothing, and tools that are others.
    in_guest("one", "(sleep 1000 | nc -l -p 18789) >/dev/null 2>&1 & rm /bin/ls /bin/cat /bin/mount");
    let proofs = within(&["one"], &[]);
    proofs.red(&["gateway-loopback"]);
    assert!(proofs.that_say("contained").contains("host-devices"), "{proofs}");
    assert!(proofs.that_say("could-not-tell").contains("gateway-token"), "{proofs}");

    // A disk that is full.
    in_guest(
        "one",
        "b=/bin/busybox; $b dd if=/dev/zero of=/fill bs=1M count=20000 2>/dev/null; $b dd if=/dev/zero of=/fill2 bs=1k count=2000 2>/dev/null; true",
    );
    without_a_word(&within(&["one"], &[]));
    in_guest("one", "rm -f /fill /fill2");

    // No process left.
    proving.set(&["config", "set", "one", "limits.processes=12"]);
    lab.exec(&["one", "--", "sh", "-c", "while :; do sleep 1000 & done 2>/dev/null"], "");
    without_a_word(&within(&["one"], &["--timeout", "5s"]));

    // A guest that stands still.
    proving.launch("two", &[]);
    proving.set(&["pause", "two"]);
    let paused = lab.podclaw(&["prove", "two", "--timeout", "5s"]).run();
    assert!(matches!(paused.code, 1 | 3) && !paused.stdout.contains("✓ host-devices"), "{paused}");
    proving.set(&["delete", "--force", "one", "two"]);
}

fn many_guests(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    let names: Vec<String> = (1..=6).map(|number| format!("g{number}")).collect();
    for name in &names {
        proving.launch(name, &[]);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let proofs = proving.prove(&[], &[]);
    let guests = proofs.json["guests"].as_array().expect("guests");
    let found: Vec<&str> = guests.iter().filter_map(|guest| guest["name"].as_str()).collect();
    assert_eq!(found, names, "{proofs}");
    assert!(guests.iter().all(|guest| guest["verdict"] == "could-not-tell"), "{proofs}");
}

fn a_launch_proves(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    lab.podclaw(&["launch", "good"]).run().ok();
    let receipt = &lab.podclaw(&["info", "good", "--format", "json"]).run().json()["guest"]["receipt"];
    let probes = receipt["probes"].as_array().expect("probes");
    let contained = |id: &str| probes.iter().any(|probe| probe["id"] == id && probe["verdict"] == "contained");
    for id in
        ["net-host", "kernel-idmap", "gateway-loopback", "gateway-token", "gateway-capabilities", "gateway-read-only"]
    {
        assert!(contained(id), "{id}: {receipt}");
    }

    // The lab is right when the launch looks, and is loosened then.
    let mut launch = lab.podclaw(&["launch", "bad"]).start();
    launch.wait_for("✓ started");
    daemon.incus(&["network", "unset", &lab.network(), "security.acls"]).run().ok();
    lab.remove_fence();
    let said = launch.wait().exits(3);
    assert!(said.stderr.contains("the guest is not contained:\n  net-host: "), "{said}");
    let list = lab.podclaw(&["list", "--format", "json"]).run().json();
    let bad = list["guests"]
        .as_array()
        .and_then(|guests| guests.iter().find(|guest| guest["name"] == "bad"))
        .expect("it is kept");
    assert_eq!((&bad["status"], &bad["readiness"]), (&"stopped".into(), &"failed".into()), "{said}");
}
