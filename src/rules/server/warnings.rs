//! Judges what the daemon warns of by the policy.

use std::fmt::Write as _;

use super::config::rule;
use super::{ServerFacts, warning};
use crate::place::Origin;
use crate::policy::{Policy, Verdict};
use crate::rules::Finding;
use crate::text::excerpt;

pub(super) fn findings(facts: &ServerFacts, findings: &mut Vec<Finding>) {
    let policy = Policy::built_in();
    for open in facts.warnings.iter().filter(|warning| warning.is_open()) {
        let (rule, why) = match policy.warnings.get(&open.kind) {
            None => (&warning::RULE, "the policy does not know this warning"),
            Some(row) if row.verdict == Verdict::Allow && open.severity == "low" => continue,
            Some(row) if row.verdict == Verdict::Allow => (&warning::RULE, "the daemon calls it more than low"),
            Some(row) => (rule(row), row.reason.as_str()),
        };
        let kind = excerpt(&open.kind, 100);
        let about = excerpt(open.entity_url.trim_start_matches("/1.0/"), 128);
        let (subject, mut message) = match about.as_str() {
            "" => (format!("warnings.{kind}"), format!("{kind}: {why}")),
            about => (format!("warnings.{kind}.{about}"), format!("{kind}, about `{about}`: {why}")),
        };
        if !open.last_message.is_empty() && open.last_message != open.kind {
            // Writing to a string cannot fail.
            let _ = write!(message, " (it says: {})", excerpt(&open.last_message, 200));
        }
        if open.status == "acknowledged" {
            message.push_str("; somebody acknowledged it, which changes nothing");
        }
        findings.push(Finding::new(rule, subject, Origin::named("the daemon's warnings"), message));
    }
}
