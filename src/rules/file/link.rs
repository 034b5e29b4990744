//! Symbolic links.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "symbolic-link",
    severity: Severity::Error,
    summary: "a symbolic link among the files that are judged",
    why: "A link can point out of the tree that was reviewed, and at another file tomorrow than today.",
    remedy: "put the file itself there",
    threats: &["judged-is-sent"],
    waivable: false,
    // A link is not text, so that there is no example; tests/cli has the case.
    examples: &[],
};
