//! Users that user-data makes.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-users",
    severity: Severity::Error,
    summary: "users that cloud-init makes",
    why: "Nobody logs in to a guest. cloud-init gives its users a shell, sudo and keys, and with `system: true` no home; without `users: []` it makes the distribution's default user.",
    remedy: "write `users: []`, and make the service user with `useradd -m -s /usr/sbin/nologin` in a stage",
    threats: &["user-accounts"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nusers:\n  - name: openclaw\n    system: true\n",
        good: "#cloud-config\nusers: []\n",
        trial: Trial::Alone,
    }],
};
