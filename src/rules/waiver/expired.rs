//! Waivers whose day is over.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "waiver-expired",
    severity: Severity::Error,
    summary: "a waiver whose last day is over",
    why: "A waiver is a debt with a date. After that day the finding counts again, and somebody decides anew.",
    remedy: "mend what it waives and remove it, or justify it again until another day",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/waivers.yaml",
        bad: r#"- rule: "unknown-file"
  file: "profiles/old.bak"
  key: "file"
  reason: "the old file is kept until the new one has run for a week"
  owner: "Ada Lovelace"
  expires: "2020-01-31"
"#,
        good: "[]\n",
        trial: Trial::Alone,
    }],
};
