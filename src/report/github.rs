//! Annotations of GitHub Actions: lines that its runner obeys.
//!
//! A file's name and text may be hostile, and a line that starts with `::` is a command; so everything is escaped.

use std::fmt::Write as _;

use super::region::Region;
use super::summary;
use crate::lint::{Judged, Report};
use crate::place::Origin;
use crate::rules::{Finding, Severity};
use crate::text::{escape, excerpt};

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        annotation(&mut out, finding);
    }
    for failure in &report.failures {
        let (file, name) = match report.judged {
            Judged::Files(_) => (format!("file={},", property(&failure.name)), String::new()),
            // An object of the daemon is in no file.
            Judged::Objects(_) => (String::new(), format!("{}: ", excerpt(&failure.name, 200))),
        };
        let reason = data(&format!("{name}{}", failure.reason));
        let _ = writeln!(out, "::error {file}title=podclaw cannot judge this::{reason}");
    }
    let found = summary::found(report);
    let found = if found.is_empty() { "nothing found" } else { &found };
    let _ = writeln!(out, "{}: {}: {found}", report.judged.command(), summary::judged(report));
    out
}

fn annotation(out: &mut String, finding: &Finding) {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (place, name) = match &finding.origin {
        Origin::File(place) => {
            let Region { line, column, end_line, end_column } = Region::of(place);
            // The last column is meant, and not the one behind it; and columns only go with a single line.
            let columns = if end_line == line {
                format!(",col={column},endColumn={}", end_column.saturating_sub(1).max(column))
            } else {
                String::new()
            };
            (format!("file={},line={line},endLine={end_line}{columns},", property(&place.source.name)), String::new())
        }
        Origin::Named(name) => (String::new(), excerpt(name, 200)),
    };
    let message = format!(
        "{name}{}{}\nhelp: {}",
        if name.is_empty() { "" } else { ": " },
        excerpt(&finding.message, 500),
        excerpt(&finding.remedy, 1000)
    );
    let title = format!("{} ({})", finding.rule, finding.subject);
    let _ = writeln!(out, "::{command} {place}title={}::{}", property(&title), data(&message));
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    escape(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands in a property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
