//! The gateway of a bake runs without a network, whatever the builder says or does.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::baked;
use crate::common::Output;
use crate::harness::{Daemon, Gateway, Lab, Lan};
use crate::launches::{instances, ready};

/// The links that lead to the lab's bridge, as the host's kernel has them.
fn ports(lab: &Lab) -> usize {
    fs::read_dir(format!("/sys/class/net/{}/brif", lab.network())).expect("the bridge is there").count()
}

/// Root in the builder asks a service on the public internet, for as long as it takes in a guest that has a network.
fn ask(lab: &Lab, service: &str) -> Output {
    let script = format!(
        "for i in $(seq 40); do curl -s -m 2 -o /dev/null http://{service}/ && exit 0; sleep 0.3; done; exit 1"
    );
    lab.incus(&["exec", "podclaw-bake", "--", "bash", "-c", &script]).timeout(Duration::from_mins(3)).run()
}

pub(super) fn the_gateway_of_a_bake_has_no_network(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::NeverStarts, "");
    let lan = Lan::new(&lab);
    let service = lan.public();
    let mut bake = lab.podclaw(&["image", "bake"]).timeout(Duration::from_mins(10)).start();
    bake.wait_for("✓ bake: 6/7");
    let runs = "for i in $(seq 300); do pgrep -x node >/dev/null && exit 0; sleep 0.2; done; exit 1";
    lab.incus(&["exec", "podclaw-bake", "--", "bash", "-c", runs]).timeout(Duration::from_mins(2)).run().ok();
    // By the host's word: nothing of the builder is on the bridge, and nothing that its root sends arrives.
    assert_eq!(ports(&lab), 0, "the builder is on the bridge while its gateway runs");
    let links = lab.incus(&["exec", "podclaw-bake", "--", "ls", "/sys/class/net"]).run().ok();
    assert!(!links.contains("eth0"), "{links}");
    assert_ne!(ask(&lab, &service).code, 0, "the builder reaches {service}");
    // With its card the same request arrives: it is the card that was missing.
    lab.incus(&["config", "device", "remove", "podclaw-bake", "eth0"]).run().ok();
    assert_eq!(ports(&lab), 1);
    let answered = ask(&lab, &service);
    assert_eq!(answered.code, 0, "{answered}");
    bake.signal(Signal::INT);
    drop(bake.wait().exits(3));
    assert_eq!(instances(&lab), json!([]));

    // Somebody who gives a builder its card back gets no image of it.
    let lab = ready(daemon, Gateway::Works, "");
    let mut bake = lab.podclaw(&["image", "bake"]).timeout(Duration::from_mins(5)).start();
    bake.wait_for("✓ bake: 7/7");
    lab.incus(&["config", "device", "remove", "podclaw-bake", "eth0"]).run().ok();
    let said = bake.wait().exits(3);
    assert!(said.stderr.contains("the builder has the device eth0 while its gateway runs"), "{said}");
    assert_eq!((instances(&lab), baked(&lab)), (json!([]), Vec::new()));
}
