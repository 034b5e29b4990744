//! For programs.

use serde_json::{Value, json};

use crate::lint::Report;

pub(super) fn render(report: &Report) -> Value {
    json!({ "files": report.files })
}
