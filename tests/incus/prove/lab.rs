//! The lab as it has to be, and as launches see it.

use serde_json::{Value, json};

use super::Proving;
use crate::harness::{Daemon, Gateway, Lan, Test, tests};
use crate::launches::ready;

pub(crate) const TESTS: &[Test] = tests![the_lab_contains, many_guests, guests_that_are_left_out, a_launch_proves];

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
    // Nor can anybody tell it of the hypervisor of a machine that has one.
    unknown.remove("host-vsock");
    assert_eq!(unknown, NO_GATEWAY.into(), "{proofs}");
    assert!(proofs.that_say("contained").contains("control-egress"), "{proofs}");

    let shown = proving.lab.podclaw(&["prove", "one", "two"]).run().exits(3);
    assert!(shown.stdout.contains("PROBE") && shown.stdout.contains("What no probe can show:"), "{shown}");
    let full = proving.prove(&["one"], &["--full"]);
    let mut red = full.that_say("not-contained");
    // How quick a busy machine answers is not what is tested here.
    red.remove("limit-host");
    assert!(red.is_empty(), "{full}");
    full.green(&["limit-processes", "limit-memory"]);
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
    assert_eq!(proofs.json["not_proven"], json!([]), "{proofs}");
}

/// Whoever asks for all guests is told of each one that was not proven.
fn guests_that_are_left_out(daemon: &Daemon) {
    let proving = Proving::new(daemon);
    for name in ["ice", "off"] {
        proving.launch(name, &[]);
    }
    let guest = format!("{}-guest", proving.lab.name());
    let small = format!("{}-small", proving.lab.name());
    proving.lab.launch_tiny_with(&["other", "-p", &guest, "-p", &small]);
    let left_out = || {
        let proofs = proving.prove(&[], &[]);
        assert_eq!(proofs.json["guests"], json!([]), "{proofs}");
        let all = proofs.json["not_proven"].as_array().expect("guests").clone();
        let of = |guest: &Value| (guest["name"].clone(), guest["status"].clone(), guest["verdict"].clone());
        (all.iter().map(of).collect::<Vec<_>>(), proofs.output.code)
    };
    let unknown = || json!("could-not-tell");
    proving.set(&["stop", "--force", "off"]);
    proving.set(&["stop", "--force", "other"]);
    proving.set(&["pause", "ice"]);
    let (ice, off) = ((json!("ice"), json!("frozen"), unknown()), (json!("off"), json!("stopped"), Value::Null));
    let other = (json!("other"), json!("stopped"), Value::Null);
    assert_eq!(left_out(), (vec![ice, off.clone(), other.clone()], 3));
    let shown = proving.lab.podclaw(&["prove"]).run().exits(3);
    for line in
        ["ice: not proven, could not tell: it is frozen", "off: not proven: it is stopped", "other: not proven: "]
    {
        assert!(shown.stdout.contains(line), "{line}: {shown}");
    }
    // What is stopped needs no proof; but where nothing runs nothing is shown.
    proving.set(&["stop", "--force", "ice"]);
    let ice = (json!("ice"), json!("stopped"), Value::Null);
    assert_eq!(left_out(), (vec![ice.clone(), off.clone(), other], 3));
    // Somebody else's runs in the lab's project.
    proving.set(&["start", "other"]);
    assert_eq!(left_out(), (vec![ice, off, (json!("other"), json!("running"), unknown())], 3));
}

fn a_launch_proves(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    lab.podclaw(&["launch", "--cold", "good"]).run().ok();
    let receipt = &lab.podclaw(&["info", "good", "--format", "json"]).run().json()["guest"]["receipt"];
    let probes = receipt["probes"].as_array().expect("probes");
    let contained = |id: &str| probes.iter().any(|probe| probe["id"] == id && probe["verdict"] == "contained");
    for id in [
        "net-host",
        "net-inbound",
        "kernel-idmap",
        "host-paths",
        "gateway-loopback",
        "gateway-token",
        "gateway-origin",
        "gateway-capabilities",
        "gateway-read-only",
    ] {
        assert!(contained(id), "{id}: {receipt}");
    }

    // The lab is right when the launch looks, and is loosened then.
    let mut launch = lab.podclaw(&["launch", "--cold", "bad"]).start();
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
