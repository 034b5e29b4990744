//! podclaw against a real, private Incus daemon, which the harness starts and always removes. Needs root.
//!
//! A test is a function that takes the daemon and panics when it fails. Each file names its tests in `TESTS`.

#[path = "../common/mod.rs"]
mod common;
mod harness;

mod smoke;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(&[smoke::TESTS])
}
