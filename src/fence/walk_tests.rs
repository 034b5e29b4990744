//! Packets led through tables as nft lists them.

use serde_json::json;

use super::*;
use crate::fence::Ruleset;

const BRIDGE: &str = "t1br0";

fn table(chains: &[(&str, Option<&str>, i64)], rules: &[(&str, Value)]) -> Ruleset {
    let chain = |&(name, hook, prio): &(&str, Option<&str>, i64)| match hook {
        Some(hook) => {
            json!({"chain": {"name": name, "type": "filter", "hook": hook, "prio": prio, "policy": "accept"}})
        }
        None => json!({"chain": {"name": name}}),
    };
    let rule = |(chain, expr): &(&str, Value)| json!({"rule": {"chain": chain, "expr": expr}});
    let start = [json!({"metainfo": {"json_schema_version": 1}}), json!({"table": {"name": "incus"}})];
    let all: Vec<Value> = start.into_iter().chain(chains.iter().map(chain)).chain(rules.iter().map(rule)).collect();
    Ruleset::read(&json!({"nftables": all}).to_string()).unwrap()
}

fn meta(key: &str, name: &str) -> Value {
    json!({"match": {"op": "==", "left": {"meta": {"key": key}}, "right": name}})
}

fn field(protocol: &str, field: &str, right: &Value) -> Value {
    json!({"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}})
}

fn reject() -> Value {
    json!({"reject": {"type": "icmpx", "expr": "port-unreachable"}})
}

fn established() -> Value {
    json!({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}})
}

/// As Incus makes it of an ACL that rejects one range and allows all other addresses.
fn incus(rest: &[(&str, Value)]) -> Ruleset {
    let jump = json!({"jump": {"target": "acl"}});
    let rules = [
        ("aclin", json!([meta("iifname", BRIDGE), field("udp", "dport", &json!(53)), {"accept": null}])),
        ("aclin", json!([meta("iifname", BRIDGE), jump])),
        ("aclfwd", json!([meta("iifname", BRIDGE), jump])),
        ("aclfwd", json!([meta("oifname", BRIDGE), jump])),
        ("fwd", json!([field("ip", "version", &json!(4)), meta("iifname", BRIDGE), {"accept": null}])),
        ("acl", json!([established(), {"accept": null}])),
    ];
    let chains =
        [("aclin", Some("input"), 0), ("aclfwd", Some("forward"), 0), ("fwd", Some("forward"), 0), ("acl", None, 0)];
    let own = [
        ("acl", json!([field("ip", "daddr", &json!({"prefix": {"addr": "10.0.0.0", "len": 8}})), reject()])),
        (
            "acl",
            json!([
                meta("iifname", BRIDGE),
                field("ip", "daddr", &json!({"set": [{"range": ["1.0.0.0", "9.255.255.255"]}, "192.0.2.9"]})),
                {"accept": null}
            ]),
        ),
        ("acl", json!([meta("iifname", BRIDGE), {"counter": null}, reject()])),
        ("acl", json!([meta("oifname", BRIDGE), reject()])),
    ];
    table(&chains, &rules.into_iter().chain(rest.iter().cloned()).chain(own).collect::<Vec<_>>())
}

fn out(to: &str, protocol: Protocol) -> Packet<'static> {
    let source = "10.9.0.5".parse().unwrap();
    let (from, link) = (Link::Bridge(BRIDGE), Link::Other(BRIDGE));
    Packet { hook: Hook::Forward, from, to: link, source, destination: to.parse().unwrap(), protocol }
}

const TCP: Protocol = Protocol::Tcp { from: 20_000, to: 443 };

#[test]
fn a_packet_goes_where_the_rules_send_it() {
    let rules = incus(&[]);
    for (to, protocol, fate) in [
        ("10.1.2.3", TCP, Fate::Stopped),
        ("10.1.2.3", Protocol::Echo, Fate::Stopped),
        ("1.1.1.1", TCP, Fate::Passes),
        ("192.0.2.9", TCP, Fate::Passes),
        ("192.0.2.8", TCP, Fate::Stopped),
        ("11.0.0.1", TCP, Fate::Stopped),
        // No rule for IPv4 is about it.
        ("2001:db8::1", TCP, Fate::Stopped),
    ] {
        assert_eq!(rules.fate(&out(to, protocol)), fate, "{to} {protocol:?}");
    }
    let to_host = |to: u16| {
        let protocol = Protocol::Udp { from: 20_000, to };
        rules.fate(&Packet { hook: Hook::Input, to: Link::None, ..out("192.0.2.7", protocol) })
    };
    assert_eq!((to_host(53), to_host(54)), (Fate::Passes, Fate::Stopped));
    let inbound = Packet { from: Link::Other(BRIDGE), to: Link::Bridge(BRIDGE), ..out("1.1.1.1", TCP) };
    assert_eq!(rules.fate(&inbound), Fate::Stopped);
    // Nothing stands at this place.
    assert_eq!(rules.fate(&Packet { hook: Hook::Output, ..inbound }), Fate::Passes);
    assert_eq!(table(&[], &[]).fate(&out("10.1.2.3", TCP)), Fate::Passes);
}

#[test]
fn the_rules_of_another_bridge_stop_nothing_here() {
    let other = Link::Other("t2br0");
    let packet = Packet { from: Link::Bridge("t2br0"), to: Link::None, ..out("10.1.2.3", TCP) };
    assert_eq!(incus(&[]).fate(&packet), Fate::Passes);
    // It may be that other bridge that it goes to, and then it is stopped; nobody knows.
    assert_ne!(incus(&[]).fate(&Packet { to: other, ..packet }), Fate::Stopped);
}

#[test]
fn what_is_not_understood_stops_nothing() {
    let unknown = json!({"match": {"op": "==", "left": {"fib": {"result": "type"}}, "right": "local"}});
    let is_unknown = |rule: Value| matches!(incus(&[("acl", rule)]).fate(&out("10.1.2.3", TCP)), Fate::Unknown(_));
    for rule in [
        json!([unknown, {"accept": null}]),
        json!([unknown, {"return": null}]),
        json!([unknown, {"jump": {"target": "fwd"}}]),
        json!([{"vmap": {}}]),
        json!([{"jump": {"target": "nobody"}}]),
        json!([field("ip", "daddr", &json!("@somebody")), {"accept": null}]),
        json!([{"limit": {"rate": 9}}, {"accept": null}]),
    ] {
        assert!(is_unknown(rule.clone()), "{rule}");
    }
    // One that may stop more takes nothing away, and adds nothing.
    let stops = json!([unknown, reject()]);
    assert_eq!(incus(&[("acl", stops.clone())]).fate(&out("10.1.2.3", TCP)), Fate::Stopped);
    assert_eq!(incus(&[("acl", stops)]).fate(&out("1.1.1.1", TCP)), Fate::Passes);
    // Another chain stops it for certain.
    let sure = table(
        &[("a", Some("forward"), 0), ("b", Some("forward"), 1)],
        &[("a", json!([unknown, {"accept": null}])), ("a", json!([reject()])), ("b", json!([{"drop": null}]))],
    );
    assert_eq!(sure.fate(&out("1.1.1.1", TCP)), Fate::Stopped);
}

#[test]
fn chains_that_go_round_and_round_end() {
    let round = table(&[("a", Some("forward"), 0)], &[("a", json!([{"jump": {"target": "a"}}]))]);
    assert!(matches!(round.fate(&out("1.1.1.1", TCP)), Fate::Passes | Fate::Unknown(_)));
}
