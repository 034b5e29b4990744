//! What else the daemon warns of.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-warning",
    severity: Severity::Warning,
    summary: "a warning of the daemon that nobody has dealt with, or that the policy does not know",
    why: "The daemon goes on without what it warns of. A warning that podclaw does not know may be about a wall that \
          is missing.",
    remedy: "read it with `incus warning list`, and mend what it names",
    threats: &["kernel-surface", "cleanup"],
    waivable: true,
    examples: &[],
};
