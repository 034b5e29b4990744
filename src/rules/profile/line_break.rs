//! Line breaks in values.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "line-break",
    severity: Severity::Error,
    summary: "a line break or a control character in a key or a value",
    why: "Incus copies some values line by line into the settings of other programs, where a line break starts a \
          setting of its own. No key that a profile may set has a use for one.",
    remedy: "write the value on one line, without control characters",
    threats: &["judged-is-sent", "kernel-surface"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  limits.memory.enforce: \"hard\\nlxc.hook.start-host = /x\"\n",
        good: "description: extra\nconfig:\n  limits.memory.enforce: hard\n",
        trial: Trial::OnTop,
    }],
};
