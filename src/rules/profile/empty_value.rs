//! Values that set nothing.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "empty-value",
    severity: Severity::Warning,
    summary: "an empty value, which sets nothing",
    why: "Incus does not store an empty value: what an earlier profile sets stays as it is. A reader who takes it \
          for `unset` or `false` is mistaken.",
    remedy: "leave the key out, or write the value that is meant",
    threats: &["judged-is-sent", "documented"],
    waivable: true,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  limits.cpu.priority: \"\"\n",
        good: "description: extra\nconfig:\n  limits.cpu.priority: \"5\"\n",
        trial: Trial::OnTop,
    }],
};
