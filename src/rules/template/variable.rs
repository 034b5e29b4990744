//! Which names holes may have.

use std::collections::HashSet;
use std::sync::Arc;

use crate::place::Source;
use crate::rules::Finding;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "template-variable",
    severity: Severity::Error,
    summary: "a name that podclaw does not fill in",
    why: "A name that nothing fills fails at the launch, or worse, becomes nothing where another version of the template engine is less strict.",
    remedy: "use `hostname`, `runner`, and `path`, `mode` and `text` of each of `files`",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.yaml.j2",
        bad: "#cloud-config\nhostname: {{ host }}\n",
        good: "#cloud-config\nhostname: {{ hostname }}\n",
        trial: Trial::Alone,
    }],
};

const NAMES: [&str; 3] = ["hostname", "files", "runner"];

pub(super) fn check(source: &Arc<Source>, names: &HashSet<String>) -> Vec<Finding> {
    let mut names: Vec<&String> = names.iter().filter(|name| !NAMES.contains(&name.as_str())).collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let first = name.split('.').next().unwrap_or_default();
            let at = source.text.find(first).unwrap_or_default();
            let message = format!("podclaw fills in nothing for `{}`", excerpt(name, 64));
            Finding::at(&RULE, excerpt(name, 64), source.place(at..at + first.len()), message)
        })
        .collect()
}
