//! Lab files that a launch would refuse.

use crate::place::Source;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "lab-file-invalid",
    severity: Severity::Error,
    summary: "a lab file that podclaw refuses: an unknown field, or a value that no lab can have",
    why: "A misspelt limit limits nothing, an image without a digest can be another one tomorrow, and a subnet that is \
          not private belongs to somebody else.",
    remedy: "correct it as the message says",
    threats: &["limits", "pinning", "foreign-network"],
    waivable: false,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "network:\n  subnet: 8.8.8.1/24\n",
        good: "network:\n  subnet: 10.99.0.1/24\n",
        trial: Trial::Alone,
    }],
};

/// Adds what the typed reader says, at its place, which is line and column.
pub(super) fn add(source: &Source, place: &str, message: String, found: &mut Found) {
    let (line, column) = place.split_once(':').unwrap_or((place, "1"));
    let (line, column) = (line.parse().unwrap_or(1_usize), column.parse().unwrap_or(1_usize));
    let before: usize = source.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let within = source.text[before..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
    let start = before + within;
    let length = source.text[start..].find(['\n', ' ', ':']).unwrap_or(0);
    found.add(&RULE, "file", start..start + length, message);
}
