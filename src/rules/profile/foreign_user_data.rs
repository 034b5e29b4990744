//! What runs first in a guest.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "foreign-user-data",
    severity: Severity::Error,
    summary: "user-data, vendor-data or network configuration in a profile",
    why: "cloud-init runs it as root when the guest starts first. podclaw renders the user-data of each guest from \
          stages that were judged; what a profile brings under a second name, such as `user.user-data`, runs \
          beside it or instead of it.",
    remedy: "leave it out; change the stages in `cloud-init/`",
    threats: &["remote-code", "secrets"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  user.user-data: \"#cloud-config\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
