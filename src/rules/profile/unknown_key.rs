//! What nobody has judged.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "unknown-key",
    severity: Severity::Error,
    summary: "a key, a type of device or a type of network card that the policy does not know",
    why: "What the policy does not name is denied. It may be a misspelt setting that protects nothing, or one of a \
          newer Incus that nobody has judged yet.",
    remedy: "correct the spelling, or leave it out",
    threats: &["documented", "judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.priviledged: \"false\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
