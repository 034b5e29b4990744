//! SSH keys.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-ssh",
    severity: Severity::Error,
    summary: "SSH keys in user-data",
    why: "A key is a way in for whoever has it, and a private one is a secret that every process of the guest can read.",
    remedy: "remove it; use `podclaw shell`",
    threats: &["lateral-movement", "secrets"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nssh_import_id: [somebody]\n",
        good: "#cloud-config\nhostname: claw-1\n",
        trial: Trial::Alone,
    }],
};
