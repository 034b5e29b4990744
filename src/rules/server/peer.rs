//! Networks that are joined to the lab's.

use super::ServerFacts;
use super::strangers::is_labs_network;
use crate::incus::Network;
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-peer",
    severity: Severity::Error,
    summary: "a network that is joined to the lab's, or is built on it",
    why: "The lab's network is a bridge that nothing else is on. What is joined to it, or uses it as its way out, \
          has the lab's guests as neighbours, and traffic inside of a bridge passes no ACL.",
    remedy: "delete the other network, or give it another parent: `incus network edit NAME`",
    threats: &["foreign-network", "lateral-movement"],
    waivable: false,
    examples: &[],
};

/// The keys of a network that name an interface or a network that it is built on.
const BELOW: [&str; 3] = ["bridge.external_interfaces", "network", "parent"];

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    for peer in &facts.peers {
        let name = excerpt(&peer.name, 64);
        let other = excerpt(&format!("{}/{}", peer.target_project, peer.target_network), 128);
        let origin = Origin::named(format!("peer {name} of network {}", lab.network()));
        let subject = format!("networks.{}.peers.{name}", lab.network());
        findings.push(Finding::new(&RULE, subject, origin, format!("it joins the lab's network with `{other}`")));
    }
    for network in facts.networks.iter().filter(|network| !is_labs_network(network, lab)) {
        let name = excerpt(&network.name, 64);
        for key in BELOW.into_iter().filter(|key| names(network, key, &lab.network())) {
            let origin = Origin::named(format!("network {name}{}", of_project(network)));
            let message = format!("its `{key}` is the lab's network");
            findings.push(Finding::new(&RULE, format!("networks.{name}.config.{key}"), origin, message));
        }
    }
}

/// Whether a key of a network has another network, or an interface of that name, in its list.
fn names(network: &Network, key: &str, other: &str) -> bool {
    let part = |text: &str| text.trim().split('/').any(|name| name == other);
    network.config.get(key).is_some_and(|list| list.split(',').any(part))
}

fn of_project(network: &Network) -> String {
    match network.project.as_str() {
        "" | "default" => String::new(),
        project => format!(" of the project {}", excerpt(project, 64)),
    }
}
