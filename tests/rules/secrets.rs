//! Secrets in any text.
