//! Limits that the kernel lacks.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-cgroups",
    severity: Severity::Error,
    summary: "a kernel that cannot enforce the limits of guests",
    why: "The limits of a guest stand in its configuration, but what enforces them is a controller of the kernel. \
          Where that is missing the daemon warns once and starts the guest without the limit.",
    remedy: "boot with control groups of version 2 alone (`systemd.unified_cgroup_hierarchy=1`); for swap with \
             `swapaccount=1`; and restart the daemon",
    threats: &["limits"],
    waivable: true,
    examples: &[],
};
