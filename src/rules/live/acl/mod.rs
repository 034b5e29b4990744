//! What the ACLs of the bridge let through.

mod packet;
mod space;

use super::{Acl, LiveFacts, Network};
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;
use packet::{Packet, Traffic};
use space::{Filter, Space};

pub(super) static RULE: Rule = Rule {
    id: "live-acl",
    severity: Severity::Error,
    summary: "a filter that lets guests reach more than the lab file says",
    why: "The ACL of the bridge is what keeps guests from the host, the LAN and other private networks. What it lets through is \
          worked out from all its rules together, as Incus applies them, and compared with what the lab file opens.",
    remedy: "put the ACL and the bridge right with `podclaw init`, and then prove the guests that run: `podclaw prove`",
    threats: &["lateral-movement", "foreign-network", "exposure"],
    waivable: false,
    examples: &[],
};

/// The network's keys that say what happens to what no rule is about.
const EGRESS: &str = "security.acls.default.egress.action";
const INGRESS: &str = "security.acls.default.ingress.action";

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let Some(network) = &facts.network else { return };
    let attached = attached(network);
    let own = facts.lab.acl();
    let mut say = |subject: &str, message: String| {
        findings.push(Finding::new(&RULE, subject, network.origin(), message));
    };
    if !attached.iter().any(|name| *name == own) {
        say("config.security.acls", format!("the lab's ACL `{own}` is not attached to the bridge"));
        if attached.is_empty() {
            return say("egress", "no ACL is attached: guests reach everything that the host reaches".into());
        }
    }
    for key in [EGRESS, INGRESS] {
        if lets_through(network, key) {
            let action = excerpt(network.config.get(key).map_or("", String::as_str), 32);
            say(&format!("config.{key}"), format!("what no rule is about gets through: the default is `{action}`"));
        }
    }
    let acls: Vec<&Acl> = facts.acls.iter().filter(|acl| attached.contains(&acl.name.as_str())).collect();
    for acl in &acls {
        for rule in acl.ingress.iter().filter(|rule| rule.state != "disabled" && space::lets_through(&rule.action)) {
            let from = if rule.source.is_empty() { "everywhere".into() } else { excerpt(&rule.source, 64) };
            say(
                "ingress",
                format!("a rule of `{}` lets connections to guests in, from {from}", excerpt(&acl.name, 64)),
            );
        }
    }
    let rules = acls.iter().flat_map(|acl| &acl.egress);
    let filter = Filter::new(rules, lets_through(network, EGRESS), facts.reach.bridge);
    if filter.opens_ipv6() {
        say("egress.ipv6", "a rule lets IPv6 through, for which the lab has no filter".into());
    }
    let Some(space) = Space::new(&filter, &facts.reach) else {
        return say("egress", "the ACLs have so many rules that nobody can say what they let through".into());
    };
    for (area, example) in space.opened(&filter, &facts.reach) {
        say(
            &format!("egress.{}", area.subject),
            format!("guests may send to {}, for example {}", area.what, shown(example)),
        );
    }
}

/// The ACLs that the bridge names.
fn attached(network: &Network) -> Vec<&str> {
    let names = network.config.get("security.acls").map_or("", String::as_str);
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Whether what no rule is about gets through. Incus rejects it where nothing is said.
fn lets_through(network: &Network, key: &str) -> bool {
    network.config.get(key).is_some_and(|action| !action.is_empty() && space::lets_through(action))
}

fn shown(packet: Packet) -> String {
    match packet.traffic {
        Traffic::Tcp(port) => format!("TCP to port {port} of {}", packet.to),
        Traffic::Udp(port) => format!("UDP to port {port} of {}", packet.to),
        Traffic::Icmp => format!("ICMP to {}", packet.to),
        Traffic::Other => format!("other protocols to {}", packet.to),
    }
}
