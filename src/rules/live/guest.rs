//! Guests: what each is made of by now, and what only guests can be.

use std::sync::Arc;

use super::{Guest, LiveFacts};
use crate::place::Source;
use crate::profile::Effective;
use crate::rules::{self, Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-guest",
    severity: Severity::Warning,
    summary: "a guest with something of its own that no profile gives it",
    why: "podclaw gives a guest its profiles, its user-data and its marks, and nothing else. What is set on the guest itself, \
          such as a device that replaces that of a profile, stays when `podclaw init` puts the profiles right.",
    remedy: "take it off the guest with Incus' own client, or launch the guest anew",
    threats: &["documented", "judged-is-sent"],
    waivable: false,
    examples: &[],
};

/// What podclaw itself, or the daemon in its books, sets on a guest.
const OWN: [&str; 4] = ["cloud-init.user-data", "user.podclaw.", "volatile.", "image."];

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for guest in &facts.guests {
        merged(guest, facts, findings);
        own(guest, findings);
    }
}

/// Judges what the guest is made of by the rules that judged it before it was launched.
fn merged(guest: &Guest, facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let mut found = rules::profile::effective(&Effective::reported(&guest.expanded), &facts.lab);
    // A receipt that fits says that these were judged when it was launched; reading them takes long.
    if !guest.has_judged_user_data() {
        found.extend(guest.expanded.config.get("cloud-init.user-data").into_iter().flat_map(|text| user_data(text)));
    }
    for mut finding in found {
        finding.origin = guest.origin();
        for related in &mut finding.related {
            related.origin = guest.origin();
        }
        finding.fix = None;
        findings.push(finding);
    }
}

fn user_data(text: &str) -> Vec<Finding> {
    let source = Arc::new(Source { name: "user-data".into(), text: text.into() });
    rules::secrets::judge_and_hide(&source, rules::cloud_config::judge(&source))
}

fn own(guest: &Guest, findings: &mut Vec<Finding>) {
    let mut say = |subject: String, message: String| {
        findings.push(Finding::new(&RULE, subject, guest.origin(), message));
    };
    if guest.is_machine {
        say("type".into(), "it is a virtual machine; a lab has containers only".into());
    }
    if guest.is_ephemeral {
        say("ephemeral".into(), "the daemon deletes it when it stops, and its traces with it".into());
    }
    for key in guest.own.config.keys().filter(|key| !OWN.iter().any(|own| key.starts_with(own))) {
        let key = excerpt(key, 128);
        say(format!("own.config.{key}"), format!("`{key}` is set on the guest itself"));
    }
    for name in guest.own.devices.keys() {
        let name = excerpt(name, 128);
        say(format!("own.devices.{name}"), format!("the device `{name}` is the guest's own"));
    }
}

impl Guest {
    fn has_judged_user_data(&self) -> bool {
        use super::ReceiptFacts::Read;
        matches!(&self.receipt, Read { mismatches, is_old: false, .. }
            if mismatches.iter().all(|mismatch| mismatch.subject != "user-data"))
    }
}
