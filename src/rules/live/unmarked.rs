//! What is in the lab and is not podclaw's.

use super::{DriftState, LiveFacts};
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "live-unmarked",
    severity: Severity::Error,
    summary: "something in the lab that podclaw did not make",
    why: "podclaw knows its own by the mark `user.podclaw.lab`, and changes and deletes nothing else. What somebody else put \
          into the lab was judged by nobody before it ran, shares the pool and the bridge with the guests, and survives \
          `podclaw wipe`.",
    remedy: "move it out of the lab, or delete it with Incus' own client",
    threats: &["persistence", "documented"],
    waivable: false,
    examples: &[],
};

/// What podclaw makes in a lab's pool.
const OWN: [&str; 4] = ["instances", "images", "profiles", "snapshots"];

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let mut say = |origin: Origin, message: &str| findings.push(Finding::new(&RULE, "object", origin, message));
    for drift in facts.drift.iter().filter(|drift| drift.state == DriftState::Foreign) {
        say(Origin::named(drift.object.clone()), "it has a name of the lab, and not the lab's mark");
    }
    for guest in facts.guests.iter().filter(|guest| !guest.is_marked) {
        say(guest.origin(), "it does not have the lab's mark: podclaw did not launch it, and does not delete it");
    }
    // Each project has the profile `default`; as long as it is empty it is nothing.
    let is_known = |name: &str| facts.drift.iter().any(|drift| drift.object == format!("profile {name}"));
    let foreign = facts.profiles.iter().filter(|profile| !profile.is_marked && profile.name != "default");
    for profile in foreign.filter(|profile| !is_known(&profile.name)) {
        say(profile.origin(), "it does not have the lab's mark: podclaw did not make it");
    }
    let project = facts.lab.project();
    let pool = facts.pool.iter().flat_map(|pool| &pool.used_by);
    for used in pool.filter(|used| used.project == project && !OWN.contains(&used.kind.as_str())) {
        let origin = Origin::named(format!("{} {}", used.kind, used.name));
        say(origin, "it is in the lab's pool, and podclaw makes nothing of this kind");
    }
}
