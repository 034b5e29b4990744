//! Waivers for what is not there.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "waiver-unused",
    severity: Severity::Warning,
    summary: "a waiver for something that is not found",
    why: "It waives nothing today, and tomorrow it hides what somebody adds at the same place, with a reason that was written for something else.",
    remedy: "remove it",
    threats: &["documented"],
    waivable: false,
    // It takes a file that is judged and a waiver for it; tests/rules/waivers.rs has the case.
    examples: &[],
};
