//! Two readers, two meanings.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "yaml-ambiguous",
    severity: Severity::Error,
    summary: "YAML that two readers could read differently",
    why: "Incus, cloud-init and podclaw read YAML with different libraries. Where a key is there twice, one takes the \
          first, one the last; merge keys, aliases, tags and a second document are obeyed by some and not seen by \
          others. Such a file can show a reviewer one thing and the daemon another.",
    remedy: "write it without anchors, aliases, merge keys, tags, directives and duplicates, in one document",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "profiles/twice.yaml",
        bad: "description: twice\nconfig:\n  limits.cpu: \"2\"\n  limits.cpu: \"64\"\n",
        good: "description: once\nconfig:\n  limits.cpu: \"2\"\n",
        trial: Trial::Alone,
    }],
};
