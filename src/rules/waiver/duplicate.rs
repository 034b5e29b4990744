//! Waivers that are there twice.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "waiver-duplicate",
    severity: Severity::Error,
    summary: "two waivers for the same thing",
    why: "Of two waivers one hides the end of the other: when the first runs out, nobody notices.",
    remedy: "keep one of them",
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
- rule: "unknown-file"
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
