//! More than one root disk.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "second-disk",
    severity: Severity::Error,
    summary: "more than one root disk",
    why: "With two devices for the path `/` it is not certain which of them the guest is made on, nor whose size \
          counts.",
    remedy: "give the disk the name of the one that it is to replace",
    threats: &["host-path", "limits"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  other: {type: disk, path: /, pool: podclaw, size: 900GiB}\n",
        good: "description: extra\ndevices:\n  root: {type: disk, path: /, pool: podclaw, size: 20GiB}\n",
        trial: Trial::OnTop,
    }],
};
