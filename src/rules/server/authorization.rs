//! Who decides who may do what.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-authorization",
    severity: Severity::Error,
    summary: "an authority outside of this machine, or a script, that says who may use the daemon",
    why: "An issuer of logins, an authority of certificates or a server of permissions decides then who is root \
          here, and losing it loses this machine. What a script decides cannot be judged.",
    remedy: "unset the key: `incus config unset KEY`",
    threats: &["daemon-exposure"],
    waivable: false,
    examples: &[],
};
