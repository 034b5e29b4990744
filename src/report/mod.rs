//! Reports of what was found, in each format.

mod human;
mod json;

use serde_json::Value;

use crate::lint::Report;

/// The report for people.
#[must_use]
pub fn human(report: &Report) -> String {
    human::render(report)
}

/// The report as JSON, without its version.
#[must_use]
pub fn json(report: &Report) -> Value {
    json::render(report)
}
