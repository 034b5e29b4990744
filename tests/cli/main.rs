//! The binary as a user meets it, on a machine without a daemon: arguments, output and exit codes.

#[path = "../common/mod.rs"]
mod common;

mod usage;
