//! What was judged and what came out, in a line.

use crate::lint::{Judged, Report};
use crate::rules::Severity;
use crate::text::excerpt;

/// Everything that was judged: `12 files and 1 stack (guest+standard)`, `9 objects judged (3 guests, 6 profiles)`.
pub(super) fn judged(report: &Report) -> String {
    let files = amount(report.judged.count(), report.judged.noun());
    if let Judged::Objects(kinds) = &report.judged {
        let kinds: Vec<_> = kinds.iter().map(|(kind, count)| amount(*count, kind)).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        return format!("{files} judged{kinds}");
    }
    if report.stacks.is_empty() {
        return files;
    }
    let mut names: Vec<_> = report.stacks.iter().take(3).map(|stack| excerpt(&stack.join("+"), 100)).collect();
    if report.stacks.len() > names.len() {
        names.push("…".into());
    }
    format!("{files} and {} ({})", amount(report.stacks.len(), "stack"), names.join(", "))
}

/// What came out: `3 errors, 1 note, 2 waived`; nothing where nothing did.
pub(super) fn found(report: &Report) -> String {
    let counts = [
        (report.count(Severity::Error), "error"),
        (report.count(Severity::Warning), "warning"),
        (report.count(Severity::Note), "note"),
    ];
    let mut parts: Vec<_> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| amount(count, what)).collect();
    if !report.waived.is_empty() {
        parts.push(format!("{} waived", report.waived.len()));
    }
    if !report.failures.is_empty() {
        parts.push(format!("{} not judged", report.failures.len()));
    }
    parts.join(", ")
}

fn amount(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
