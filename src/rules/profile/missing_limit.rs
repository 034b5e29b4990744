//! Limits that are not there.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "missing-limit",
    severity: Severity::Error,
    summary: "a guest without a limit of CPU, memory, processes or disk",
    why: "Incus limits nothing by itself. One guest without limits can starve the host and all other guests, by \
          accident or on purpose.",
    remedy: "set the limit in one of the profiles of the stack",
    threats: &["limits", "kernel-surface"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  root: {type: disk, path: /, pool: podclaw}\n",
        good: "description: extra\ndevices:\n  root: {type: disk, path: /, pool: podclaw, size: 20GiB}\n",
        trial: Trial::OnTop,
    }],
};
