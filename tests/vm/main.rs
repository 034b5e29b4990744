//! podclaw in a machine whose kernel enforces AppArmor and has control groups of version 2: Debian 13 with its own kernel,
//! booted in QEMU. Needs root, and neither a loop device nor hardware virtualisation. `make test-vm` runs it.
//!
//! A check is a function that takes the machine and panics when it fails. They run in the order that they stand in.

#![expect(clippy::expect_used, clippy::print_stderr, clippy::print_stdout, reason = "a check says what went wrong")]

#[path = "../common/mod.rs"]
#[expect(clippy::allow_attributes, reason = "what is unused differs between the test programs")]
#[allow(dead_code, reason = "what is unused differs between the test programs")]
mod common;
#[expect(clippy::allow_attributes, reason = "the harness offers more than the checks use")]
#[allow(dead_code, unused_imports, reason = "the harness offers more than the checks use")]
mod harness;

mod confinement;
mod groups;
mod lab;
mod life;
mod namespaces;
mod order;
mod walls;

use std::process::ExitCode;

fn main() -> ExitCode {
    let checks = [confinement::TESTS, groups::TESTS, namespaces::TESTS, order::TESTS, walls::TESTS];
    harness::main(&[&[life::BEFORE], &checks[..], &[life::AFTER]].concat())
}
