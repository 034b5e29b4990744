//! Measurements.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-metrics",
    severity: Severity::Warning,
    summary: "measurements that others than this machine can read",
    why: "They name every guest of every project, and say what it does and what the daemon warns of. Whoever \
          prepares an attack begins there.",
    remedy: "let `core.metrics_address` be on 127.0.0.1, leave `core.metrics_authentication` alone, and remove \
             certificates that nobody uses",
    threats: &["daemon-exposure"],
    waivable: true,
    examples: &[],
};
