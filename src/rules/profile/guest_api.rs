//! The guest's own way to the daemon.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "guest-api",
    severity: Severity::Error,
    summary: "a guest that can talk to the daemon",
    why: "Incus puts a socket into every guest unless it is told not to. It tells the guest its config, its \
          user-data and its devices, can hand out the host's images, and is one more way to reach a daemon that \
          runs as root of the host.",
    remedy: "set `security.guestapi` to `\"false\"`",
    threats: &["guest-api"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.guestapi: \"true\"\n",
        good: "description: extra\nconfig:\n  security.guestapi: \"false\"\n",
        trial: Trial::OnTop,
    }],
};
