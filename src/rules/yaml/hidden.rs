//! Characters that hide something.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "yaml-hidden",
    severity: Severity::Error,
    summary: "characters that cannot be seen, or that only some readers take for the end of a line",
    why: "A next-line character (U+0085) inside of a comment ends the comment for the libraries of Incus, so that what \
          follows it is a setting. Characters that turn the direction of text, or have no width, make a reviewer see \
          another file than the daemon.",
    remedy: "remove the character",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "profiles/hidden.yaml",
        bad: "description: hidden\nconfig:\n  limits.cpu: \"2\" # two\u{85}  security.privileged: \"true\"\n",
        good: "description: plain\nconfig:\n  limits.cpu: \"2\" # two\n",
        trial: Trial::Alone,
    }],
};
