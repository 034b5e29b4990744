//! Secrets in the configuration.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-credential",
    severity: Severity::Error,
    summary: "a secret of another service in the daemon's configuration",
    why: "The sacrificial host holds nothing that opens anything elsewhere. Whoever becomes root on it reads the \
          daemon's database.",
    remedy: "unset the key, and renew what it held: it has been on this machine",
    threats: &["secrets"],
    waivable: false,
    examples: &[],
};
