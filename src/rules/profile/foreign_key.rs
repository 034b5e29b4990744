//! Keys that are not the profile's to set.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "foreign-key",
    severity: Severity::Error,
    summary: "a key that belongs to podclaw, to the daemon, or to some other tool",
    why: "podclaw knows by `user.podclaw.*` what is its own and may be deleted; the daemon keeps its books in \
          `volatile.*` and `image.*`. A profile that sets them makes one object look like another. Other free keys \
          are read by tools and by the guest.",
    remedy: "leave it out",
    threats: &["persistence", "documented"],
    waivable: true,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  user.podclaw.state: \"ready\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
