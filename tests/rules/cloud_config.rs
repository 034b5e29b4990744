//! User-data.
