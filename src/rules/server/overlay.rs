//! Networks and storage that span machines.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-overlay",
    severity: Severity::Error,
    summary: "a daemon that is connected to a network or a storage of several machines",
    why: "Who controls such a network or storage changes it for all machines that are in it. From a host that may be \
          lost, that is a way to those that may not.",
    remedy: "unset the keys; a lab needs a bridge and a pool of this machine only",
    threats: &["foreign-network", "lateral-movement"],
    waivable: false,
    examples: &[],
};
