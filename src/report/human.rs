//! For people.

use std::fmt::Write as _;

use crate::lint::Report;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let _ = writeln!(out, "{}: {finding}\n  help: {}", finding.severity, finding.remedy);
    }
    for failure in &report.failures {
        let _ = writeln!(out, "error: cannot judge {}: {}", failure.name, failure.reason);
    }
    let _ = writeln!(out, "{} files judged, {} findings", report.files, report.findings.len());
    out
}
