//! Root of the guest as root of the host.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "privileged",
    severity: Severity::Error,
    summary: "a guest that is privileged",
    why: "Root of a privileged guest is root of the host: its user ids are not shifted, and upstream says itself \
          that such a container is not safe against its root. Everything else that confines a gateway rests on \
          this.",
    remedy: "set `security.privileged` to `\"false\"`; what needs root of the host does not belong into a guest",
    threats: &["privileged", "documented"],
    waivable: true,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.privileged: \"true\"\n",
        good: "description: extra\nconfig:\n  security.privileged: \"false\"\n",
        trial: Trial::OnTop,
    }],
};
