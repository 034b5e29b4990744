//! Ways in that the daemon makes.

use super::ServerFacts;
use crate::incus::Forward;
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-forward",
    severity: Severity::Error,
    summary: "a forward or a load balancer on the lab's network",
    why: "The daemon translates what comes to such an address to a guest's, before the ACL is asked by address. It \
          is a way in from the network, past the rule that there is none.",
    remedy: "delete it: `incus network forward delete NETWORK ADDRESS`; use `podclaw forward`, which listens on the \
             loopback",
    threats: &["exposure"],
    waivable: false,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    let lists = [("forward", &facts.forwards), ("load balancer", &facts.load_balancers)];
    for (kind, forward) in lists.into_iter().flat_map(|(kind, all)| all.iter().map(move |one| (kind, one))) {
        let address = excerpt(&forward.listen_address, 64);
        let origin = Origin::named(format!("{kind} {address} of network {}", lab.network()));
        let subject = format!("networks.{}.{}s.{address}", lab.network(), kind.replace(' ', "-"));
        findings.push(Finding::new(&RULE, subject, origin, said(forward)));
    }
}

/// Where it leads; of many ports only the first.
fn said(forward: &Forward) -> String {
    let whole = forward.config.get("target_address").map(|target| format!("all of it to {}", excerpt(target, 64)));
    let ports = forward.ports.iter().map(|port| {
        let from = format!("{} {}", excerpt(&port.protocol, 8), excerpt(&port.listen_port, 32));
        if port.target_address.is_empty() { from } else { format!("{from} to {}", excerpt(&port.target_address, 64)) }
    });
    let mut ways = whole.into_iter().chain(ports);
    match (ways.next(), ways.count()) {
        (None, _) => "it is there, and leads nowhere yet".into(),
        (Some(first), 0) => format!("it passes on what comes from outside: {first}"),
        (Some(first), more) => format!("it passes on what comes from outside: {first}, and {more} more"),
    }
}
