//! Clusters.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-cluster",
    severity: Severity::Error,
    summary: "a daemon that is, or was, a member of a cluster",
    why: "The members of a cluster share their database and trust each other as root. A machine that may be lost \
          must not be one of them.",
    remedy: "take the machine out of the cluster: `incus cluster remove NAME`, and install it anew",
    threats: &["lateral-movement"],
    waivable: false,
    examples: &[],
};
