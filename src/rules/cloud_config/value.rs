//! Values that modules may not have.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-value",
    severity: Severity::Error,
    summary: "a value that weakens what a module does",
    why: "These modules are allowed with the values that a lab needs. With another value they log in, change packages as the guest starts, or run modules that are not judged.",
    remedy: "use the value that the message names",
    threats: &["judged-is-sent", "pinning"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\npackage_upgrade: 5\n",
        good: "#cloud-config\npackage_upgrade: false\n",
        trial: Trial::Alone,
    }],
};
