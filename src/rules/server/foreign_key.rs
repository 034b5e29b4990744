//! Keys that are somebody else's.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-foreign-key",
    severity: Severity::Warning,
    summary: "a free key in the daemon's configuration",
    why: "The daemon does nothing with keys under `user.`: some tool reads them. Those under `user.ui.` are told to \
          everybody who can connect, also to strangers.",
    remedy: "unset the key, or look which tool of this machine it belongs to",
    threats: &["documented"],
    waivable: true,
    examples: &[],
};
