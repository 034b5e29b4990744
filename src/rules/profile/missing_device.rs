//! Devices that are not there.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "missing-device",
    severity: Severity::Error,
    summary: "a guest without a root disk or a network card, also because a later profile takes it away",
    why: "A device replaces the whole device of the same name, and one of type `none` puts nothing in its place. A \
          guest without a root disk in the lab's pool, or without a card on the lab's network, gets whatever an \
          image, an operator or the daemon's defaults give it, which was not judged.",
    remedy: "leave the device as it is, or replace it by one of the same type; the profile `guest` brings both",
    threats: &["foreign-network", "dedicated-pool", "limits"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  eth0: {type: none}\n",
        good: "description: extra\ndevices:\n  eth0: {type: nic, name: eth0, network: podclawbr0, security.mac_filtering: \"true\", security.ipv4_filtering: \"true\", security.port_isolation: \"true\"}\n",
        trial: Trial::OnTop,
    }],
};
