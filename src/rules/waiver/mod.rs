//! Waivers: findings that somebody answers for, and waivers that do not hold.
//!
//! A waiver is for one rule, at one key of one file, with a reason, an owner and a day. One that has any fault waives
//! nothing, and is a finding itself, which no waiver can set aside.

mod apply;
mod duplicate;
mod expired;
mod file;
mod judge;
mod too_wide;
mod unjustified;
mod unknown_rule;
mod unused;

use std::sync::Arc;

use super::{Finding, Rule};
use crate::place::Source;

pub use apply::{Applied, Waived};
pub use file::{At, Entry, Waivers};
pub use judge::Terms;

/// The rules of this module.
pub const RULES: &[&Rule] =
    &[&expired::RULE, &unused::RULE, &too_wide::RULE, &unjustified::RULE, &unknown_rule::RULE, &duplicate::RULE];

/// A file of waivers that is not the policy's own.
#[must_use]
pub fn elsewhere(name: &str, bytes: &[u8]) -> Finding {
    let source = Arc::new(Source { name: name.into(), text: String::from_utf8_lossy(bytes).into() });
    let message = "these waivers waive nothing: they are not those of the policy's directory";
    Finding::at(&too_wide::RULE, "file", source.place(0..0), message)
        .remedy("move them there, or name its directory with `--policy`")
}
