//! Reports of what was found, in each format.
//!
//! What comes from a file is only shown with its secrets masked, and without anything that a terminal would obey.

mod diff;
mod fingerprint;
mod frame;
mod github;
mod human;
mod json;
mod junit;
mod masked;
mod objects;
mod page;
mod region;
mod sarif;
mod summary;

use serde::Serialize;
use serde_json::Value;

use crate::lint::Report;
use crate::rules::Finding;

pub use human::Look;
pub use page::{explain, page};

/// The report for people.
#[must_use]
pub fn human(report: &Report, look: Look) -> String {
    human::render(report, look)
}

/// Findings for people, without a summary.
#[must_use]
pub fn findings(findings: &[Finding], look: Look) -> String {
    human::findings(findings, look)
}

/// What changes in a file's text, as a unified diff.
#[must_use]
pub fn diff(name: &str, before: &str, after: &str) -> String {
    diff::render(name, before, after)
}

/// The report as JSON, without its version.
#[must_use]
pub fn json(report: &Report) -> Value {
    json::render(report)
}

/// The report as a SARIF log.
#[must_use]
pub fn sarif(report: &Report) -> impl Serialize + use<> {
    sarif::render(report)
}

/// The report as annotations of GitHub Actions, and a line for people.
#[must_use]
pub fn github(report: &Report) -> String {
    github::render(report)
}

/// The report as `JUnit` XML.
///
/// # Errors
/// When it cannot be written as XML.
pub fn junit(report: &Report) -> Result<String, quick_junit::SerializeError> {
    junit::render(report)
}
