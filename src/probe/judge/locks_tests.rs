//! Each firewall for itself, by made-up tables.

use serde_json::{Value, json};

use super::*;
use crate::fence::Ruleset;
use crate::probe::host::HostFacts;
use crate::probe::{Place, Verdict};

fn aims() -> Aims {
    let host = HostFacts { addresses: ["192.0.2.7".parse().unwrap()].into(), ..HostFacts::default() };
    Aims::new(Place::example(), &host)
}

/// A table that stops what comes from the bridge, or goes to it, at these places.
fn table(stops: &[(&str, &str)]) -> Lock {
    let hooks = ["input", "forward", "output"];
    let chain = |hook: &&str| json!({"chain": {"name": *hook, "type": "filter", "hook": *hook, "prio": 0}});
    let rule = |&(hook, link): &(&str, &str)| {
        let is_bridge =
            json!({"match": {"op": "==", "left": {"meta": {"key": link}}, "right": Place::example().bridge}});
        json!({"rule": {"chain": hook, "expr": [is_bridge, {"reject": null}]}})
    };
    let all: Vec<Value> = hooks.iter().map(chain).chain(stops.iter().map(rule)).collect();
    let rules = Ruleset::read(&json!({"nftables": all}).to_string()).unwrap();
    Lock { name: "a table".into(), rules: Some(rules), difference: None }
}

const WHOLE: [(&str, &str); 4] =
    [("input", "iifname"), ("forward", "iifname"), ("forward", "oifname"), ("output", "oifname")];

fn of(lock: Result<Lock, String>) -> Outcome {
    let [acl, fence] = locks(&Locks { acl: lock, fence: Ok(table(&WHOLE)) }, &aims(), 1);
    assert_eq!((acl.probe, fence.probe), (NET_ACL, NET_FENCE));
    assert_eq!(fence.verdict, Verdict::Contained, "{fence:?}");
    acl
}

#[test]
fn one_lock_that_is_open_is_not_contained_however_shut_the_other_is() {
    assert_eq!(of(Ok(table(&WHOLE))).verdict, Verdict::Contained);
    let gone = of(Ok(Lock { rules: None, ..table(&[]) }));
    assert_eq!(gone.verdict, Verdict::NotContained);
    // Each place for itself.
    for left_out in WHOLE {
        let rest: Vec<_> = WHOLE.into_iter().filter(|stop| *stop != left_out).collect();
        let open = of(Ok(table(&rest)));
        assert_eq!(open.verdict, Verdict::NotContained, "{left_out:?}: {open:?}");
        assert!(open.came_back.starts_with("one of the two locks is open: it lets "), "{open:?}");
    }
}

#[test]
fn a_lock_that_nobody_can_judge_is_not_called_shut() {
    assert_eq!(of(Err("nobody may look".into())).verdict, Verdict::CouldNotTell);
    let differs = of(Ok(Lock { difference: Some("egress lacks reject".into()), ..table(&WHOLE) }));
    assert_eq!(differs.verdict, Verdict::CouldNotTell);
    assert!(differs.came_back.contains("egress lacks reject"), "{differs:?}");
    let accepts = json!({"nftables": [
        {"chain": {"name": "a", "type": "filter", "hook": "forward", "prio": 0}},
        {"rule": {"chain": "a", "expr": [{"vmap": {}}]}},
        {"rule": {"chain": "a", "expr": [{"drop": null}]}},
        {"chain": {"name": "b", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"chain": {"name": "c", "type": "filter", "hook": "output", "prio": 0, "policy": "drop"}}
    ]});
    let rules = Some(Ruleset::read(&accepts.to_string()).unwrap());
    assert_eq!(of(Ok(Lock { rules, ..table(&[]) })).verdict, Verdict::CouldNotTell);
}

#[test]
fn the_way_of_a_packet_is_that_of_its_destination() {
    let aims = aims();
    let hooks = |to: &str| -> Vec<Hook> {
        let to: IpAddr = to.parse().unwrap();
        let packets = aims.all.iter().filter_map(|aim| packet(aim, &aims, 1));
        packets.filter(|(_, packet)| packet.destination == to).map(|(_, packet)| packet.hook).collect()
    };
    for own in ["192.0.2.7", "10.9.0.1"] {
        assert!(!hooks(own).is_empty() && hooks(own).iter().all(|hook| *hook == Hook::Input), "{own}");
    }
    assert_eq!(hooks("169.254.169.254"), [Hook::Forward]);
}
