//! Settings for virtual machines.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "virtual-machine",
    severity: Severity::Error,
    summary: "a setting that is only for virtual machines",
    why: "A lab has containers only. Incus takes such a key in a profile and ignores it for a container; a profile \
          for virtual machines was not judged for what it would do there.",
    remedy: "leave it out",
    threats: &["documented"],
    waivable: true,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.secureboot: \"false\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
