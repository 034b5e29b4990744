//! Objects of the lab that are not there.

use super::{DriftState, LiveFacts};
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "live-missing",
    severity: Severity::Error,
    summary: "a part of the lab that is not there",
    why: "Project, pool, bridge, ACL and profiles contain a guest together. Without one of them the others do less than they \
          seem to, and a guest that runs on may have lost what kept it in.",
    remedy: "make it with `podclaw init`, and then prove the guests that run: `podclaw prove`",
    threats: &["lateral-movement", "documented"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for drift in facts.drift.iter().filter(|drift| drift.state == DriftState::Missing) {
        let origin = Origin::named(drift.object.clone());
        findings.push(Finding::new(&RULE, "object", origin, "the lab needs it, and there is none of this name"));
    }
}
