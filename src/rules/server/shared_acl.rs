//! Others that use the lab's ACL.

use super::ServerFacts;
use super::strangers::{is_labs_network, strangers};
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-shared-acl",
    severity: Severity::Warning,
    summary: "something else than the lab's network that uses the lab's ACL",
    why: "Whoever needs another rule for it changes the lab's filter too, and `podclaw init` takes that back for \
          both. A wipe cannot delete an ACL that others use.",
    remedy: "give it an ACL of its own",
    threats: &["lateral-movement", "cleanup"],
    waivable: true,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    let acl = lab.acl();
    let has = |list: Option<&String>| list.is_some_and(|list| list.split(',').any(|name| name.trim() == acl));
    for stranger in strangers(facts, lab) {
        for (name, _) in stranger.of_type("nic").filter(|(_, device)| has(device.get("security.acls"))) {
            findings.push(stranger.finding(&RULE, name, format!("its card uses the lab's ACL `{acl}`")));
        }
    }
    for network in facts.networks.iter().filter(|network| !is_labs_network(network, lab)) {
        if has(network.config.get("security.acls")) {
            let name = excerpt(&network.name, 64);
            let subject = format!("networks.{name}.config.security.acls");
            let message = format!("it uses the lab's ACL `{acl}`");
            findings.push(Finding::new(&RULE, subject, Origin::named(format!("network {name}")), message));
        }
    }
}
