//! What the gateway's own container needs.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "nesting",
    severity: Severity::Error,
    summary: "a guest in which rootless Podman cannot run",
    why: "The gateway runs in a rootless container inside of its guest. Without nesting that container cannot \
          start, and the next thing that people try is to make the guest privileged.",
    remedy: "set `security.nesting` to `\"true\"`, with `security.idmap.isolated` and without `security.privileged`",
    threats: &["rootless-podman"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.nesting: \"false\"\n",
        good: "description: extra\nconfig:\n  security.nesting: \"true\"\n",
        trial: Trial::OnTop,
    }],
};
