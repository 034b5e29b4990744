//! Commands that cannot be read.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-command",
    severity: Severity::Error,
    summary: "an entry of `runcmd` that is no command",
    why: "cloud-init runs a text with a shell and a list as a program with its arguments. It passes over anything else, or makes something of it that no reader expects.",
    remedy: "write a text, or a list of texts",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nruncmd:\n  - run: id\n",
        good: "#cloud-config\nruncmd:\n  - [id]\n",
        trial: Trial::Alone,
    }],
};
