//! Plain scalars without a certain type.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "yaml-untyped",
    severity: Severity::Error,
    summary: "a plain value whose type depends on who reads it",
    why: "`yes`, `0x1`, `1_000`, `2001-01-01` or nothing at all are a text, a number, a truth value or a date, \
          depending on the library and its version. Incus 6.0 keeps the text of some that Incus 7 rewrites.",
    remedy: "quote the value",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "profiles/plain.yaml",
        bad: "description: plain\nconfig:\n  security.nesting: yes\n",
        good: "description: quoted\nconfig:\n  security.nesting: \"true\"\n",
        trial: Trial::Alone,
    }],
};
