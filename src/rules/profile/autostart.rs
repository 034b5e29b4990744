//! What comes back on its own.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "autostart",
    severity: Severity::Error,
    summary: "a guest that starts on its own, or does not stop with the host",
    why: "What is not trusted must not come back without somebody who wants it. A guest for which nothing is said \
          starts again with the host if it ran before, and one that may restart on its own outlives the operator \
          who killed it.",
    remedy: "set `boot.autostart` to `\"false\"`, and leave the other `boot.*` keys at their defaults",
    threats: &["persistence"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  boot.autostart: \"true\"\n",
        good: "description: extra\nconfig:\n  boot.autostart: \"false\"\n",
        trial: Trial::OnTop,
    }],
};
