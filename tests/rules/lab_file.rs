//! The lab file.
