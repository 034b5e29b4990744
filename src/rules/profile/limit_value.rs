//! Limits that do not limit.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "limit-value",
    severity: Severity::Error,
    summary: "a limit that does not limit, or that Incus reads otherwise than it looks",
    why: "A guest that takes all of the host's memory, CPUs, processes or disk takes the host down, and with it \
          the operator's way in. Incus accepts limits that are none: a share over 100%, a soft limit, a percentage \
          of CPU time, a size of 0.",
    remedy: "set a hard limit that leaves the host its part",
    threats: &["limits", "kernel-surface"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  limits.memory: \"100%\"\n",
        good: "description: extra\nconfig:\n  limits.memory: 4GiB\n",
        trial: Trial::OnTop,
    }],
};
