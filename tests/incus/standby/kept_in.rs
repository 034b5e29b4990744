//! A guest that stood by for hours is claimed only if it is kept in now, and was proven as a launch of now would.

use std::fs;

use serde_json::{Value, json};

use super::{names, podclaw, refused, set, that_are};
use crate::common::Program;
use crate::harness::{Daemon, Gateway, Lab, Test, tests};
use crate::launches::{instances, ready};

pub(crate) const TESTS: &[Test] = tests![
    both_firewalls_stand_when_it_is_claimed,
    its_receipt_has_every_probe,
    rules_that_are_changed_while_it_is_proven,
];

fn both_firewalls_stand_when_it_is_claimed(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    podclaw(&lab, &["pool", "--standby", "1"]).run().ok();
    let network = lab.network();
    let mend = || {
        lab.podclaw(&["init"]).run().ok();
        assert_eq!(refused(&lab), None);
    };
    mend();
    let is = |why: &str| {
        let said = refused(&lab).unwrap_or_default();
        assert!(said.starts_with(&format!("it is not kept in any more: {why}: ")), "{said}");
    };

    // The daemon still says that all is well.
    for chain in ["aclin", "aclfwd", "aclout", "acl"] {
        Program::new("nft").args(&["flush", "chain", "inet", "incus", &format!("{chain}.{network}")]).run().ok();
        is("net-acl");
        daemon.incus(&["network", "unset", &network, "security.acls"]).run().ok();
        mend();
    }

    // What the lab file says of its own table, everything that is launched is refused for.
    lab.remove_fence();
    let refused = lab.podclaw(&["launch"]).run().exits(3);
    assert!(refused.stderr.contains("firewall table"), "{refused}");
    mend();

    let guest = lab.daemon().get(&format!("/1.0/instances/claw-1?project={}", lab.name()));
    let card = guest["config"].as_object().expect("config").iter().find(|(key, _)| key.ends_with(".host_name"));
    let card = card.and_then(|(_, name)| name.as_str()).expect("a card").to_owned();
    let flag = format!("/sys/class/net/{network}/brif/{card}/isolated");
    fs::write(&flag, "0").expect("a port");
    is("net-sibling");
    // It is replaced, too.
    let replaced = podclaw(&lab, &["pool"]).run().exits(0).json();
    assert_eq!(names(&replaced["removed"]), set(&["claw-1"]), "{replaced}");
    assert_eq!(that_are(&lab, "standby"), set(&["claw-2"]));
    assert_eq!(super::refused(&lab), None);
}

const RECEIPT: &str = "user.podclaw.receipt";

fn its_receipt_has_every_probe(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    podclaw(&lab, &["pool", "--standby", "1"]).run().ok();
    let text = lab.incus(&["config", "get", "claw-1", RECEIPT]).run().ok();
    let receipt: Value = serde_json::from_str(&text).expect("a receipt");
    let with = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut changed = receipt.clone();
        change(changed["probes"].as_array_mut().expect("probes"));
        lab.incus(&["config", "set", "claw-1", &format!("{RECEIPT}={changed}")]).run().ok();
        refused(&lab)
    };
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|probes| probes.clear()).as_deref(), Some("it was not proven by control-resolver"));
    for id in ["net-acl", "net-fence", "kernel-idmap"] {
        let without = with(&|probes| probes.retain(|probe| probe["id"] != id));
        assert_eq!(without, Some(format!("it was not proven by {id}")));
        let open = with(&|probes| {
            let probe = probes.iter_mut().find(|probe| probe["id"] == id).expect("a probe");
            probe["verdict"] = json!("not-contained");
        });
        assert_eq!(open, Some(format!("{id} did not say that it is contained")));
    }
    assert_eq!(with(&|_| {}), None);
}

/// A receipt says of the ACL what was in force when the guest was proven, or there is none.
fn rules_that_are_changed_while_it_is_proven(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    lab.podclaw(&["image", "bake"]).timeout(super::LONG).run().ok();
    let acl = format!("{}-egress", lab.name());
    let mut pool = lab.podclaw(&["pool", "--standby", "1"]).timeout(super::LONG).start();
    pool.wait_for("✓ started");
    let rule = ["network", "acl", "rule", "add", &acl, "egress", "action=reject", "destination=203.0.113.77/32"];
    daemon.incus(&rule).run().ok();
    let said = pool.wait().exits(3);
    let why = "the rules of the lab's ACL were changed while the guest was launched to stand by";
    assert!(said.stderr.contains(why), "{said}");
    assert_eq!(instances(&lab), json!([]));
    lab.podclaw(&["init"]).run().ok();
    assert_eq!(failures(&lab)["count"], 1);
}

fn failures(lab: &Lab) -> Value {
    podclaw(lab, &["list"]).run().json()["standby"]["failures"].clone()
}
