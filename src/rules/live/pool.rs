//! The lab's pool.

use super::LiveFacts;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-pool",
    severity: Severity::Error,
    summary: "a pool that does not limit the disks of guests, or that the daemon can't use",
    why: "The limit of a guest's disk, and the size of the pool, keep guests from filling the host's disk. A pool of plain \
          directories has neither.",
    remedy: "choose another `pool.driver` in the lab file, then `podclaw wipe` and `podclaw init`",
    threats: &["limits", "dedicated-pool"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let Some(pool) = &facts.pool else { return };
    if pool.driver == "dir" {
        let message = "guests are directories of the host, and their disks have no limit";
        let mut finding = Finding::new(&RULE, "driver", pool.origin(), message);
        finding.severity = Severity::Warning;
        findings.push(finding);
    }
    if pool.status != "Created" {
        let message = format!("the daemon says that it is `{}`", excerpt(&pool.status, 32));
        findings.push(Finding::new(&RULE, "status", pool.origin(), message).remedy("look at the daemon's log"));
    }
}
