//! AppArmor profiles.

mod body;
mod header;
mod read;

use std::sync::Arc;

use super::found::Found;
use super::{Finding, Rule};
use crate::place::Source;

/// A profile with the lines that come before it, for the examples.
macro_rules! example {
    ($profile:literal) => {
        concat!("abi <abi/4.0>,\ninclude <tunables/global>\n\n", $profile, "\n")
    };
}
use example;

/// The rules of this module.
pub const RULES: &[&Rule] = &[&body::RULE, &header::ATTACHMENT, &header::COLLISION];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    let mut found = Found::new(source);
    body::check(source, &mut found);
    found.finish()
}
