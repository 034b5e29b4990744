//! Own rules whose examples show something else.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "own-rule-example",
    severity: Severity::Error,
    summary: "an own rule that does not find its bad example, or that finds its good one",
    why: "The examples are what proves that a rule does what it says. One that misses its own bad example will miss the \
          real thing too.",
    remedy: "mend the condition, or the example",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/rules/no-nesting.yaml",
        bad: super::no_nesting!("'security.nested' in config"),
        good: super::no_nesting!("'security.nesting' in config"),
        trial: Trial::Alone,
    }],
};
