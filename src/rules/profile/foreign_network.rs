//! Networks other than the lab's.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "foreign-network",
    severity: Severity::Error,
    summary: "a network card that is not on the lab's own network, or not only",
    why: "The lab's bridge has the filter that keeps guests from the host's services, from private networks and \
          from each other. A card with a parent, with a type of its own or on another network goes past it, and \
          can reach the LAN and its management networks. Routes make the host forward whole networks.",
    remedy: "name the lab's network in `network`, and no `nictype` or `parent`",
    threats: &["foreign-network", "router", "lateral-movement"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  eth1: {type: nic, nictype: macvlan, parent: eno1}\n",
        good: "description: extra\ndevices:\n  eth0: {type: nic, name: eth0, network: podclawbr0, security.mac_filtering: \"true\", security.ipv4_filtering: \"true\", security.port_isolation: \"true\"}\n",
        trial: Trial::OnTop,
    }],
};
