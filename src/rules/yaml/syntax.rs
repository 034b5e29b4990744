//! No document at all.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "yaml-syntax",
    severity: Severity::Error,
    summary: "a document that is no YAML, is empty, too large or too deep",
    why: "What cannot be read cannot be judged, and what was not judged must not pass.",
    remedy: "correct the document",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "profiles/broken.yaml",
        bad: "description: [broken\n",
        good: "description: whole\n",
        trial: Trial::Alone,
    }],
};
