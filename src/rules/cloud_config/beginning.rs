//! How user-data begins.

use std::sync::Arc;

use crate::place::Source;
use crate::rules::Finding;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-beginning",
    severity: Severity::Error,
    summary: "user-data that is no plain cloud-config",
    why: "By its first line cloud-init takes user-data for a script, a list of addresses to fetch, code of its own, a template, or several parts in one. Only a plain `#cloud-config` says all that it does.",
    remedy: "start it with the line `#cloud-config`, and put everything into that one document",
    threats: &["remote-code", "judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#include\nhttps://example.org/user-data\n",
        good: "#cloud-config\nhostname: claw-1\n",
        trial: Trial::Alone,
    }],
};

/// The other beginnings that cloud-init knows, and what they make of the rest.
const OTHERS: [(&str, &str); 10] = [
    ("## template:", "a template, which the guest fills with what it finds"),
    ("#include", "a list of addresses whose content is run"),
    ("#cloud-boothook", "a script that runs at every boot"),
    ("#part-handler", "Python for cloud-init itself"),
    ("#cloud-config-archive", "several documents in one"),
    ("#cloud-config-jsonp", "a patch of other user-data"),
    ("#upstart-job", "a job for init"),
    ("#!", "a script"),
    ("Content-Type:", "several parts, each of another kind"),
    ("MIME-Version:", "several parts, each of another kind"),
];

/// Whether the document may be read as a cloud-config.
pub(super) fn check(source: &Arc<Source>) -> Option<Finding> {
    let first = source.text.split('\n').next().unwrap_or_default();
    if first == "#cloud-config" {
        return None;
    }
    let lower = first.trim_start().to_ascii_lowercase();
    let other = OTHERS.iter().find(|(start, _)| lower.starts_with(&start.to_ascii_lowercase()));
    let message = match other {
        Some((start, what)) => format!("`{start}` makes this {what}"),
        None => "the first line is not exactly `#cloud-config`".into(),
    };
    Some(Finding::at(&RULE, "user-data", source.place(0..first.len()), message))
}
