//! Modules that user-data may not use.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-module",
    severity: Severity::Error,
    summary: "a module of cloud-init that podclaw does not know",
    why: "cloud-init has modules that fetch, install, mount, add users or run other tools, and gets new ones. Only those that a lab needs are allowed.",
    remedy: "remove it; do it in a stage",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\npower_state: {mode: reboot}\n",
        good: "#cloud-config\ntimezone: UTC\n",
        trial: Trial::Alone,
    }],
};
