//! Waivers without a reason or an owner.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "waiver-unjustified",
    severity: Severity::Error,
    summary: "a waiver without a reason, or that nobody answers for",
    why: "What is not allowed can be accepted only where it is documented and justified, so that the next reader can judge whether it still is.",
    remedy: "write in at least 20 characters why it is acceptable here, and who answers for it",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "policy/waivers.yaml",
        bad: r#"- rule: "unknown-file"
  file: "profiles/old.bak"
  key: "file"
  reason: "TODO"
  owner: "Ada Lovelace"
  expires: "2026-12-31"
"#,
        good: "[]\n",
        trial: Trial::Alone,
    }],
};
