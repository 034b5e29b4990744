//! Logs that go elsewhere.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-logging",
    severity: Severity::Warning,
    summary: "a daemon that sends its log to another machine",
    why: "Whoever takes this machine over can then talk to that one as the daemon does, with its name and its \
          password, and write into what others trust.",
    remedy: "unset the keys; let the other machine fetch the log instead",
    threats: &["lateral-movement", "secrets"],
    waivable: true,
    examples: &[],
};
