//! Others on the lab's network.

use super::ServerFacts;
use super::strangers::strangers;
use crate::names::LabName;
use crate::rules::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-neighbour",
    severity: Severity::Error,
    summary: "a guest or a profile of another project with a card on the lab's network",
    why: "It is a neighbour of the lab's guests, made with other rules: without port isolation both talk to each \
          other, and it may have a second card in another network. podclaw neither judges nor wipes it.",
    remedy: "give it another network, or delete it",
    threats: &["lateral-movement", "foreign-network"],
    waivable: false,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    let network = lab.network();
    for stranger in strangers(facts, lab) {
        for (name, device) in stranger.of_type("nic") {
            let on = ["network", "parent"].into_iter().find(|key| device.get(*key) == Some(&network));
            if let Some(key) = on {
                let message = format!("its card has the lab's network as `{key}`");
                findings.push(stranger.finding(&RULE, name, message));
            }
        }
    }
}
