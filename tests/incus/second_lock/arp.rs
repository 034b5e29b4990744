//! What the host tells of its addresses to who asks by ARP.

use super::flood::OnBridge;
use crate::common::Program;
use crate::harness::{Daemon, Lab, Lan, Test, tests, tiny};

pub(super) const TESTS: &[Test] = tests![the_host_answers_for_no_other_address];

fn the_host_answers_for_no_other_address(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let lan = Lan::new(&lab);
    let guest = OnBridge::new(&lab);
    let answers = |address: &str| {
        let within = Program::new("ip").args(&["netns", "exec", &guest.namespace]).arg(tiny::busybox());
        let asked = within.args(&["arping", "-f", "-c", "3", "-I", &format!("{}1", guest.namespace), address]).run();
        assert!(asked.stdout.contains("Sent "), "nothing was asked: {asked}");
        asked.code == 0
    };
    assert!(answers(&lab.address(1)), "the bridge does not answer, so nothing is shown by silence");
    assert!(!answers(lan.host()), "the host tells of another of its addresses");
    // What silences it, taken away by hand, is missed, and brought back.
    let table = format!("podclaw_{}", lab.name());
    Program::new("nft").args(&["delete", "table", "arp", &table]).run().ok();
    assert!(answers(lan.host()), "nothing silences the host, and it is silent");
    let refused = lab.podclaw(&["launch", "--cold", "--dry-run"]).run().exits(3);
    assert!(
        refused.stderr.contains(&format!("firewall table {table} is not as it has to be: neighbour: ")),
        "{refused}"
    );
    lab.podclaw(&["init"]).run().ok();
    assert!(!answers(lan.host()));
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    assert_ne!(Program::new("nft").args(&["list", "table", "arp", &table]).run().code, 0, "it is left");
}
