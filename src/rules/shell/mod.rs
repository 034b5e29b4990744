//! Shell scripts, and shell inside of other files.

use std::sync::Arc;

use super::{Finding, Rule};
use crate::place::Source;

/// The rules of this module.
pub const RULES: &[&Rule] = &[];

/// Judges one file.
#[must_use]
pub fn judge(_source: &Arc<Source>) -> Vec<Finding> {
    Vec::new()
}
