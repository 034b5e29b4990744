//! Posing as another.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "address-spoofing",
    severity: Severity::Error,
    summary: "a network card that may send as another, or talk to other guests",
    why: "Without the filters a guest can answer for the gateway or for another guest and read what they send. \
          Incus takes any text for these keys, and takes what it does not know, such as `\"true \"`, for false. A \
          device in a later profile replaces the whole device, filters and all.",
    remedy: "repeat `security.mac_filtering`, `security.ipv4_filtering` and `security.port_isolation` as \
             `\"true\"` in every profile that has the card",
    threats: &["lateral-movement"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  eth0: {type: nic, name: eth0, network: podclawbr0}\n",
        good: "description: extra\ndevices:\n  eth0: {type: nic, name: eth0, network: podclawbr0, security.mac_filtering: \"true\", security.ipv4_filtering: \"true\", security.port_isolation: \"true\"}\n",
        trial: Trial::OnTop,
    }],
};
