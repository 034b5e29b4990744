//! The binary as a user meets it, on a machine without a daemon: arguments, output and exit codes.

#![expect(clippy::expect_used, reason = "a test says what went wrong by ending there")]

#[path = "../common/mod.rs"]
#[expect(clippy::allow_attributes, reason = "what is unused differs between the two test programs")]
#[allow(dead_code, reason = "what is unused differs between the two test programs")]
mod common;

mod doctor;
mod interrupts;
mod lint;
mod locks;
mod refusals;
mod rule;
mod usage;
