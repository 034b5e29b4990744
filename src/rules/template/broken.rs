//! Templates that cannot be filled.

use std::sync::Arc;

use crate::place::Source;
use crate::rules::Finding;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "template-syntax",
    severity: Severity::Error,
    summary: "a template that cannot be filled",
    why: "What cannot be filled cannot be judged, and no guest can be launched with it.",
    remedy: "write it so that podclaw can fill it: every tag closed, every name known, no endless loop",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.yaml.j2",
        bad: "#cloud-config\nhostname: {{ hostname\n",
        good: "#cloud-config\nhostname: {{ hostname }}\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn found(source: &Arc<Source>, error: &minijinja::Error) -> Finding {
    let at = error.range().unwrap_or(0..0);
    let detail = error.detail().unwrap_or("nothing more is known");
    let message = format!("this cannot be filled: {}: {}", error.kind(), excerpt(detail, 200));
    Finding::at(&RULE, "template", source.place(at), message)
}

/// A template that no launch takes.
pub(super) fn too_large(source: &Arc<Source>) -> Finding {
    Finding::at(&RULE, "template", source.place(0..0), "it is larger than the 64 KiB that a launch reads")
}
