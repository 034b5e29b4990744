//! Profiles on the daemon: those that no file makes, and what any of them sets.

use super::LiveFacts;
use crate::profile::Profile;
use crate::rules::{self, Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "live-profile",
    severity: Severity::Warning,
    summary: "a profile in the lab that none of its files makes",
    why: "`podclaw init` keeps only those profiles right of which the lab has a file. Another one stays as somebody made it, and a \
          guest can be given it by mistake; the profile `default` is given to whoever names none.",
    remedy: "delete it with Incus' own client, empty it if it is `default`, or give the lab a file of it",
    threats: &["documented", "judged-is-sent"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for known in &facts.profiles {
        let layer = &known.layer;
        let is_empty = layer.config.is_empty() && layer.devices.is_empty();
        let is_stray = if known.name == "default" { !is_empty } else { known.is_marked && !known.is_known };
        if is_stray {
            let message = "no file of the lab makes it, so `podclaw init` does not put it right";
            findings.push(Finding::new(&RULE, "object", known.origin(), message));
        }
        let (config, devices) = layer.settings(&known.origin());
        let profile = Profile { name: known.name.clone(), description: String::new(), config, devices };
        findings.extend(rules::profile::alone(&profile, &facts.lab));
    }
}
