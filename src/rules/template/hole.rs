//! Where holes may be.

use std::sync::Arc;

use crate::place::Source;
use crate::rules::Finding;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "template-hole",
    severity: Severity::Error,
    summary: "a hole that is not a whole value",
    why: "podclaw fills each hole with one complete YAML value. In the middle of a text, in quotes, in a key or in a comment, the same value means something else, and its quotes can end what was around it.",
    remedy: "make the hole the whole value: `key: {{ name }}`",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.yaml.j2",
        bad: "#cloud-config\nhostname: lab-{{ hostname }}\n",
        good: "#cloud-config\nhostname: {{ hostname }}\n",
        trial: Trial::Alone,
    }],
};

/// Holes that share their value with other text.
pub(super) fn check(source: &Arc<Source>) -> Vec<Finding> {
    let text = source.text.as_str();
    let holes = super::parts(text, "{{", "}}");
    let odd = holes.into_iter().filter(|(start, end)| {
        let line = text[..*start].rfind('\n').map_or(0, |newline| newline + 1);
        let before = &text[line..*start];
        let after = text[*end..].split('\n').next().unwrap_or_default().trim_end();
        let opens = before.ends_with(": ") || before.ends_with("- ") || before.ends_with('[') || before.ends_with(", ");
        let closes = after.is_empty() || after.starts_with([']', ',']) || after.starts_with(" #");
        let quoted = before.contains(['"', '\'', '#']) || before.trim_end().ends_with(['|', '>']);
        !opens || !closes || quoted
    });
    odd.map(|(start, end)| {
        let message = "this hole is not a whole value";
        Finding::at(&RULE, super::name(&text[start..end]), source.place(start..end), message)
    })
    .collect()
}
