//! A strict, spanned YAML tree.
