//! Fields that are not what they have to be.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "yaml-field",
    severity: Severity::Error,
    summary: "a field that is unknown, missing, or not of its type",
    why: "Incus ignores fields that it does not know, so that a misspelt `device:` protects nothing and nobody is told.",
    remedy: "write the fields as they are documented",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "profiles/field.yaml",
        bad: "description: misspelt\nconfigs:\n  limits.cpu: \"2\"\n",
        good: "description: right\nconfig:\n  limits.cpu: \"2\"\n",
        trial: Trial::Alone,
    }],
};
