//! Waivers for rules that do not exist.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "waiver-unknown-rule",
    severity: Severity::Error,
    summary: "a waiver for a rule that does not exist",
    why: "A misspelt rule is not waived, and the waiver looks as if it were.",
    remedy: "write the rule as the finding names it; `podclaw rule` lists them",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/waivers.yaml",
        bad: r#"- rule: "unknown-flie"
  file: "profiles/old.bak"
  key: "file"
  reason: "the old file is kept until the new one has run for a week"
  owner: "Ada Lovelace"
  expires: "2026-12-31"
"#,
        good: "[]\n",
        trial: Trial::Alone,
    }],
};
