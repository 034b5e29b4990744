//! Mutated documents: whatever somebody makes of a profile, a stage or a unit, podclaw judges it without a panic, in
//! time, and the same way twice; and what it lets pass is not dangerous to a second judge either.
//!
//! `cargo test` judges some; `make fuzz` a million. `PODCLAW_FUZZ_COUNT`, `_FROM` and `_SEED` say how many, from which number
//! on, and what they are made from; a document is the same whenever seed and number are. `PODCLAW_FUZZ_LONGEST` is how many
//! milliseconds of a processor one may take.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test says what it does, and fails by panicking")]

#[path = "../yaml/always.rs"]
mod always;
mod check;
mod edit;
mod mutate;
mod oracle;
mod random;
mod run;
mod seeds;
mod words;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let test = Trial::test("mutated_documents", || run::run().map_err(Into::into));
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
}
