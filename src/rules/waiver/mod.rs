//! Waivers that do not hold.

use super::Rule;

/// The rules of this module.
pub const RULES: &[&Rule] = &[];
