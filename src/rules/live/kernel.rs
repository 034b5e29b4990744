//! Rules of the daemon's firewall that are not in the kernel.

use super::LiveFacts;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "live-kernel-rules",
    severity: Severity::Error,
    summary: "a rule of the lab's ACL that the kernel does not have",
    why: "The daemon says what it was told, and not what the kernel does. After an `nft flush` its rules are gone, and then only \
          podclaw's own table keeps guests in: one lock of two.",
    remedy: "start the daemon anew, which makes its rules again, then `podclaw prove`; look for what flushed them, such as the \
             service nftables: `podclaw doctor`",
    threats: &["lateral-movement", "foreign-network"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    // One is enough to act, and all of them would bury the rest.
    if let Some(first) = facts.kernel.first() {
        let more = match facts.kernel.len() - 1 {
            0 => String::new(),
            more => format!(", and so do {more} more"),
        };
        let origin = Origin::named("firewall table inet incus");
        findings.push(Finding::new(&RULE, "acl", origin, format!("{first}{more}")));
    }
}
