//! Modules that bring code.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-remote-code",
    severity: Severity::Error,
    summary: "a module that brings code or trust from outside",
    why: "These modules add package sources or certificates, install from other places, or hand the guest to a management server. What then runs is decided there, and changes without review.",
    remedy: "take packages from the base image, and the gateway as an image by its digest",
    threats: &["remote-code", "pinning"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nsnap:\n  commands: [[install, somewhere]]\n",
        good: "#cloud-config\npackages: [podman]\n",
        trial: Trial::Alone,
    }],
};
