//! Names of guests.

use super::ServerFacts;
use super::strangers::is_labs_network;
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-zone",
    severity: Severity::Warning,
    summary: "a DNS zone that the lab's network fills",
    why: "The daemon's own name server, or one that copies the zone, tells then which guests there are and where. \
          Names that a guest chose stand among names that others trust.",
    remedy: "unset it: `incus network unset NETWORK KEY`",
    threats: &["exposure"],
    waivable: true,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    for network in facts.networks.iter().filter(|network| is_labs_network(network, lab)) {
        for (key, zone) in network.config.iter().filter(|(key, zone)| key.starts_with("dns.zone.") && !zone.is_empty())
        {
            let key = excerpt(key, 64);
            let origin = Origin::named(format!("network {}", lab.network()));
            let message = format!("`{key}` puts its guests into the zone `{}`", excerpt(zone, 128));
            findings.push(Finding::new(&RULE, format!("networks.{}.config.{key}", lab.network()), origin, message));
        }
    }
}
