//! Disks and mounts.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-storage",
    severity: Severity::Error,
    summary: "disks, mounts or swap that user-data sets up",
    why: "What a guest has of disks is decided by its profile, where it is judged and limited.",
    remedy: "use the devices of the profile",
    threats: &["host-path", "host-device"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nmounts:\n  - [/dev/sdb, /mnt]\n",
        good: "#cloud-config\nhostname: claw-1\n",
        trial: Trial::Alone,
    }],
};
