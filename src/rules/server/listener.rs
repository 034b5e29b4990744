//! Other services of the daemon.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-listener",
    severity: Severity::Error,
    summary: "another service of the daemon that listens",
    why: "Each is code of a daemon that is root, behind no login or a weak one, and tells about the guests or the \
          daemon itself. A lab needs none of them.",
    remedy: "unset the key: `incus config unset KEY`",
    threats: &["daemon-exposure", "router"],
    waivable: false,
    examples: &[],
};
