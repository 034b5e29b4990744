//! A user's own rules: files with CEL conditions over the same trees.

use super::Rule;

/// The rules about own rules themselves.
pub const RULES: &[&Rule] = &[];
