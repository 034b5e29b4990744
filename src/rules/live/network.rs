//! What a bridge is connected to besides its guests.

use super::{LiveFacts, Network};
use crate::profile::{is_false, is_true};
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-network",
    severity: Severity::Error,
    summary: "a bridge that leads elsewhere than through the lab's filter",
    why: "The lab's bridge gives guests IPv4 behind NAT and an ACL, and nothing else. A card of the host on the bridge, a \
          tunnel, a route or IPv6 is a way around that.",
    remedy: "put the bridge right with `podclaw init`, and then prove the guests that run: `podclaw prove`",
    threats: &["foreign-network", "router", "lateral-movement"],
    waivable: false,
    examples: &[],
};

/// Keys that open a way as soon as they are set, and which. One that ends in a dot stands for all that begin so.
const WAYS: [(&str, &str); 13] = [
    ("bridge.external_interfaces", "a card of the host is a port of the bridge, so guests are on that card's network"),
    ("tunnel.", "a tunnel leads from the bridge to another network"),
    ("fan.", "the bridge is part of a network over several hosts"),
    ("bgp.", "the host tells its neighbours how to reach guests"),
    ("dns.zone.", "the names of guests are published"),
    ("ipv4.routes", "the host routes other networks to guests"),
    ("ipv6.routes", "the host routes other networks to guests"),
    ("ipv4.dhcp.gateway", "guests are told of another gateway"),
    ("ipv4.dhcp.routes", "guests are told of routes to other networks"),
    ("ipv4.nat.address", "guests send under another address of the host"),
    ("ipv6.nat.address", "guests send under another address of the host"),
    ("ipv4.ovn.ranges", "addresses are set aside for another network on this bridge"),
    ("ipv6.ovn.ranges", "addresses are set aside for another network on this bridge"),
];

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let Some(network) = &facts.network else { return };
    let mut say = |key: &str, message: String| {
        let subject = format!("config.{}", excerpt(key, 128));
        findings.push(Finding::new(&RULE, subject, network.origin(), message));
    };
    if network.kind != "bridge" {
        say("type", format!("it is of type `{}`, and not a bridge", excerpt(&network.kind, 32)));
    }
    for (key, _) in network.config.iter().filter(|(_, value)| !value.is_empty()) {
        if let Some((_, what)) = WAYS.iter().find(|(way, _)| key == way || way.ends_with('.') && key.starts_with(way)) {
            say(key, (*what).into());
        }
    }
    for (key, holds, message) in states(network) {
        if !holds {
            say(key, message.into());
        }
    }
}

/// What must hold of some keys, and what is the matter where it does not.
fn states(network: &Network) -> [(&'static str, bool, &'static str); 5] {
    let value = |key: &str| network.config.get(key).map_or("", String::as_str);
    let is_on = |key: &str| value(key).is_empty() || is_true(value(key));
    [
        (
            "ipv4.nat",
            is_true(value("ipv4.nat")),
            "without NAT guests are known, and can be reached, outside of the host",
        ),
        ("ipv4.firewall", is_on("ipv4.firewall"), "the rules that Incus makes for the bridge are switched off"),
        ("ipv6.address", value("ipv6.address") == "none", "the bridge has IPv6, and the lab's filter is for IPv4 only"),
        (
            "bridge.driver",
            matches!(value("bridge.driver"), "" | "native"),
            "a switch of this kind knows neither the ACL nor the isolation of ports",
        ),
        (
            "ipv6.nat",
            value("ipv6.nat").is_empty() || is_false(value("ipv6.nat")),
            "the host lets guests out by IPv6, for which the lab has no filter",
        ),
    ]
}
