//! The lab's pool.

use super::LiveFacts;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-pool",
    severity: Severity::Error,
    summary: "a pool that is not the lab's alone, or does not limit disks",
    why: "The pool is what `podclaw wipe` deletes to leave nothing of a guest, and what keeps guests from filling the host's \
          disk. What another project has in it keeps it from being deleted, and would be filled up together with it.",
    remedy: "move what is another project's to another pool; for another driver `podclaw wipe` and `podclaw init`",
    threats: &["dedicated-pool", "cleanup", "limits"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let Some(pool) = &facts.pool else { return };
    let project = facts.lab.project();
    for used in pool.used_by.iter().filter(|used| used.project != project) {
        let name = format!("{} {} of the project {}", used.kind, excerpt(&used.name, 64), excerpt(&used.project, 64));
        let message = format!("it also has {name}");
        findings.push(Finding::new(&RULE, format!("used_by.{}", used.kind), pool.origin(), message));
    }
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
