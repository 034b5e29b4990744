//! What templates may be made of.

use std::sync::Arc;

use crate::place::Source;
use crate::rules::Finding;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "template-construct",
    severity: Severity::Error,
    summary: "a template that does more than fill holes and repeat",
    why: "A template is read by people as the document that it makes. Filters that switch off escaping, other files that are drawn in, and macros make something else of it, where nobody looks.",
    remedy: "use `for`, `if`, plain names and the filter `block` only",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.yaml.j2",
        bad: "#cloud-config\nhostname: {{ hostname|safe }}\n",
        good: "#cloud-config\nhostname: {{ hostname }}\n",
        trial: Trial::Alone,
    }],
};

const TAGS: [&str; 6] = ["for", "endfor", "if", "elif", "else", "endif"];

/// Tags and filters that are not allowed.
pub(super) fn check(source: &Arc<Source>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (start, end) in super::parts(&source.text, "{%", "%}") {
        let inner = source.text[start + 2..end - 2].trim_matches(['-', '+', ' ', '\n', '\t']);
        let word = inner.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if !TAGS.contains(&word) {
            let message = format!("`{{% {} %}}` is not allowed in a template", excerpt(word, 32));
            found.push(Finding::at(&RULE, "tag", source.place(start..end), message));
        }
        found.extend(filters(source, start, end));
    }
    for (start, end) in super::parts(&source.text, "{{", "}}") {
        found.extend(filters(source, start, end));
    }
    found
}

fn filters(source: &Arc<Source>, start: usize, end: usize) -> Vec<Finding> {
    let inner = &source.text[start + 2..end - 2];
    let mut found = Vec::new();
    for (at, _) in inner.match_indices('|') {
        let rest = inner[at + 1..].trim_start();
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if name != "block" {
            let message = format!("the filter `{}` is not allowed in a template", excerpt(name, 32));
            found.push(Finding::at(&RULE, "filter", source.place(start..end), message));
        }
    }
    found
}
