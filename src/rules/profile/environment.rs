//! Secrets and settings for all programs of a guest.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "environment",
    severity: Severity::Error,
    summary: "environment variables or credentials in the config",
    why: "The config of a guest is no place for secrets: it is stored, shown and copied, and the guest's programs \
          all see it. Daemons before 6.0.6 copy a variable line by line into the settings of liblxc, so that a \
          line break in one becomes a setting that runs as root of the host.",
    remedy: "leave it out; the gateway makes its token itself, inside of the guest",
    threats: &["secrets", "kernel-surface"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  environment.PATH: /usr/bin\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
