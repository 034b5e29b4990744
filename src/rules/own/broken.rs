//! Own rules that cannot judge.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "own-rule-broken",
    severity: Severity::Error,
    summary: "an own rule that cannot be read, or cannot judge a file",
    why: "A rule that fails says nothing, and nothing looks like a pass. So it counts as a finding until it is mended.",
    remedy: "mend the rule; where a key may be missing, ask for it first: `\"limits.cpu\" in config`",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/rules/no-nesting.yaml",
        bad: super::no_nesting!("security.nesting' in config"),
        good: super::no_nesting!("'security.nesting' in config"),
        trial: Trial::Alone,
    }],
};
