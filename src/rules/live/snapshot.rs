//! Copies of guests that outlive what was done to them.

use super::LiveFacts;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-snapshot",
    severity: Severity::Error,
    summary: "a snapshot or a backup of a guest",
    why: "It keeps what an attacker left in the guest, and a guest that is restored from it has that again. The lab's project \
          allows neither: somebody lifted the restriction for it.",
    remedy: "delete it with Incus' own client",
    threats: &["persistence", "cleanup"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for guest in &facts.guests {
        for (kind, names) in [("snapshot", &guest.snapshots), ("backup", &guest.backups)] {
            for name in names {
                let name = excerpt(name, 64);
                let message = format!("it has the {kind} `{name}`");
                findings.push(Finding::new(&RULE, format!("{kind}.{name}"), guest.origin(), message));
            }
        }
    }
}
