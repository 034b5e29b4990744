//! User ids.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "id-map",
    severity: Severity::Error,
    summary: "a guest without user ids of its own, or with ids that the profile chooses",
    why: "Guests share one range of the host's user ids unless Incus is told otherwise, so that who escapes from \
          one can reach the files and processes of all. A base that is chosen by hand can be another guest's, or \
          0, which is root of the host.",
    remedy: "set `security.idmap.isolated` to `\"true\"`, and neither base nor size",
    threats: &["id-map"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.idmap.base: \"0\"\n",
        good: "description: extra\nconfig:\n  security.idmap.isolated: \"true\"\n",
        trial: Trial::OnTop,
    }],
};
