//! Others in the lab's pool.

use super::ServerFacts;
use super::strangers::{project_of, strangers};
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-shared-pool",
    severity: Severity::Warning,
    summary: "a guest, a profile, a volume or a bucket of another project in the lab's pool",
    why: "The pool is the lab's alone, so that cleaning up is a wipe of it. What others keep there stops the wipe, \
          and a guest that fills the pool stops them.",
    remedy: "move it to another pool, or delete it",
    threats: &["dedicated-pool", "cleanup"],
    waivable: true,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    let pool = lab.pool();
    for stranger in strangers(facts, lab) {
        for (name, _) in stranger.of_type("disk").filter(|(_, device)| device.get("pool") == Some(&pool)) {
            findings.push(stranger.finding(&RULE, name, format!("its disk is in the lab's pool `{pool}`")));
        }
    }
    let used_by = facts.pools.iter().filter(|it| it.name == pool).flat_map(|it| &it.used_by);
    for path in used_by.filter(|path| is_kept(path) && project_of(path) != lab.project()) {
        let path = excerpt(path.trim_start_matches("/1.0/"), 160);
        let origin = Origin::named(format!("storage pool {pool}"));
        let message = format!("`{path}` is in the lab's pool");
        findings.push(Finding::new(&RULE, format!("storage-pools.{pool}.used_by.{path}"), origin, message));
    }
}

/// Whether it is a volume or a bucket: guests and profiles are found by their devices, and the copy of an image goes with
/// the pool.
fn is_kept(path: &str) -> bool {
    path.starts_with("/1.0/storage-pools/")
}
