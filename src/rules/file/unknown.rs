//! Files of no known kind.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "unknown-file",
    severity: Severity::Error,
    summary: "a file that podclaw cannot judge, among those that it judges",
    why: "A file that nobody judged can still be used by something. What cannot be judged is not passed.",
    remedy: "move it elsewhere, or give it the name of what it is: `NAME.yaml`, `NAME.sh`, `NAME.container`",
    threats: &["judged-is-sent"],
    waivable: true,
    examples: &[Example {
        path: "profiles/guest.yml.bak",
        bad: "description: forgotten\n",
        good: "",
        trial: Trial::Alone,
    }],
};
