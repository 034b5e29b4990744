//! Other settings.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-setting",
    severity: Severity::Error,
    summary: "a setting of the daemon that weakens it",
    why: "Most settings of the daemon change nothing about containment. Some have values that do, such as a \
          compression that is any command, which the daemon runs as root.",
    remedy: "unset the key, or give it a value that the finding names",
    threats: &["remote-code", "pinning", "kernel-surface", "daemon-exposure", "secrets", "lateral-movement", "cleanup"],
    waivable: false,
    examples: &[],
};
