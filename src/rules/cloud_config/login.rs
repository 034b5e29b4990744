//! Ways to log in.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-login",
    severity: Severity::Error,
    summary: "a password, or a root that can log in",
    why: "podclaw gets into a guest through the daemon. A password in user-data can be read by every process of the guest, and by whoever can read the instance.",
    remedy: "write `disable_root: true` and `ssh_pwauth: false`, and no password",
    threats: &["authentication", "user-accounts"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nssh_pwauth: true\n",
        good: "#cloud-config\nssh_pwauth: false\n",
        trial: Trial::Alone,
    }],
};
