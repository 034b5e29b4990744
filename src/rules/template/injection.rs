//! What a hostile value does to the document.

use std::sync::Arc;

use crate::place::Source;
use crate::rules::Finding;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "template-injection",
    severity: Severity::Error,
    summary: "a template in which a value can change the document",
    why: "podclaw fills the template with values that try to break out of their holes. If the document then has other keys or another shape, a name or a file could do the same in a guest.",
    remedy: "make each hole a whole value, and let no condition depend on what a value is",
    threats: &["judged-is-sent", "remote-code"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.yaml.j2",
        bad: "#cloud-config\nfinal_message: a\n{% if hostname == \"#cloud-config\" %}\ntimezone: UTC\n{% endif %}\n",
        good: "#cloud-config\nhostname: {{ hostname }}\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn found(source: &Arc<Source>, why: &str) -> Finding {
    Finding::at(&RULE, "template", source.place(0..0), format!("a hostile value changes the document: {why}"))
}
