//! Waivers for more than one thing.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "waiver-too-wide",
    severity: Severity::Error,
    summary: "a waiver that is not for one rule at one key of one file until one near day",
    why: "With a wildcard, a missing key or no end a waiver hides findings that nobody has seen when it was written. What holds the containment up cannot be waived at all.",
    remedy: "name one rule, one file and one key, and a day at most 90 days from now",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/waivers.yaml",
        bad: r#"- rule: "unknown-file"
  file: "profiles/old.bak"
  key: "*"
  reason: "the old file is kept until the new one has run for a week"
  owner: "Ada Lovelace"
  expires: "2026-12-31"
"#,
        good: "[]\n",
        trial: Trial::Alone,
    }],
};
