//! The rules of the ACL.

use ipnet::Ipv4Net;

use super::policy::{Opening, Policy};
use crate::incus::AclRule;
use crate::lab_file::{DNS_PORTS, Destination, EgressMode, Ports, Transport};
use crate::ranges::{self, EVERYWHERE};

/// All rules. What no rule allows is rejected by the bridge's default, IPv6 too.
pub(super) fn rules(policy: &Policy) -> Vec<AclRule> {
    // Rejects come first: this one holds also where another ACL on the bridge, or its default, would allow something.
    if policy.mode == EgressMode::Sealed {
        return vec![rule("reject", &[], "everything")];
    }
    let opened = policy.opened();
    let mut rules = Vec::new();
    for range in &policy.closed.ranges {
        let left = ranges::without(&[range.net], if range.closed { &[] } else { &opened });
        if !left.is_empty() {
            rules.push(rule("reject", &left, &format!("{}: {}", range.net, range.what)));
        }
    }
    for protocol in [Transport::Tcp, Transport::Udp] {
        rules.extend(resolvers(policy, protocol));
    }
    rules.extend(policy.openings.iter().filter(|opening| !opening.to.is_empty()).map(allow));
    if policy.mode == EgressMode::Open {
        // What is taken out of a range that is rejected is not here: it is open at its own ports only.
        let not_public: Vec<_> = policy.closed.ranges.iter().map(|range| range.net).collect();
        let public = ranges::without(&[EVERYWHERE], &not_public);
        rules.push(rule("allow", &public, "public internet"));
    }
    rules
}

/// Incus lets questions to the host's own resolver pass before any rule; nobody else is to be asked, but whom an allowance
/// names with that port.
fn resolvers(policy: &Policy, protocol: Transport) -> Vec<AclRule> {
    let mut rules: Vec<(Vec<Ipv4Net>, Vec<Ports>)> = Vec::new();
    for port in DNS_PORTS {
        let left = ranges::without(&[EVERYWHERE], &policy.opened_at(protocol, port));
        let port = Ports { first: port, last: port };
        match rules.iter_mut().find(|(to, _)| *to == left) {
            Some((_, ports)) => ports.push(port),
            None => rules.push((left, vec![port])),
        }
    }
    let at =
        |(to, ports): (Vec<Ipv4Net>, Vec<Ports>)| with_ports(rule("reject", &to, "other resolvers"), protocol, &ports);
    rules.into_iter().map(at).collect()
}

fn allow(opening: &Opening) -> AclRule {
    let what = match &opening.written {
        Destination::Net(_) => opening.written.to_string(),
        Destination::Name(name) => format!("name {name}"),
    };
    with_ports(rule("allow", &opening.to, &what), opening.protocol, &opening.ports)
}

fn rule(action: &str, to: &[Ipv4Net], description: &str) -> AclRule {
    AclRule {
        action: action.into(),
        state: "enabled".into(),
        destination: joined(to),
        description: description.into(),
        ..AclRule::default()
    }
}

fn with_ports(rule: AclRule, protocol: Transport, ports: &[Ports]) -> AclRule {
    AclRule { protocol: protocol.as_str().into(), destination_port: joined(ports), ..rule }
}

fn joined<T: ToString>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
