//! Files as such: what they are, before what is in them.

pub(super) mod hidden;
mod link;
mod unknown;

use std::sync::Arc;

use super::{Finding, Rule};
use crate::place::Source;
pub use hidden::check as hidden;

/// The rules of this module.
pub const RULES: &[&Rule] = &[&link::RULE, &unknown::RULE, &hidden::RULE];

/// A file of no kind that podclaw can judge.
#[must_use]
pub fn unknown(source: &Arc<Source>) -> Finding {
    Finding::at(&unknown::RULE, "file", source.place(0..0), "this is not a kind of file that podclaw can judge")
}

/// A symbolic link inside of a directory that is judged.
#[must_use]
pub fn link(name: &str) -> Finding {
    let source = Arc::new(Source { name: name.into(), text: String::new() });
    Finding::at(&link::RULE, "file", source.place(0..0), "this is a symbolic link, which is not followed")
}
