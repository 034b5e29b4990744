//! Labels.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "confinement",
    severity: Severity::Error,
    summary: "a label that replaces the one that confines the guest",
    why: "AppArmor or SELinux confine a guest that found a way around its namespaces. A profile that chooses the \
          label can choose one that confines nothing.",
    remedy: "leave it out",
    threats: &["kernel-surface"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.selinux.type: \"spc_t\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
