//! The API over the network.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-remote-api",
    severity: Severity::Error,
    summary: "a daemon whose API is reached over the network",
    why: "Whoever the daemon trusts is root on this machine, and can undo whatever contains the guests. Over its \
          Unix socket that is root, and whom root let in; over the network it is whoever has a certificate or a \
          token, from wherever the address is reached.",
    remedy: "unset the key: `incus config unset KEY`; use the daemon from this machine, or by SSH",
    threats: &["daemon-exposure"],
    waivable: false,
    examples: &[],
};
