//! What the integration tests of every kind share: running programs, and the `podclaw` binary first of all.

mod program;
mod running;

pub(crate) use program::{Output, Program};
pub(crate) use running::Running;

/// The binary under test.
pub(crate) const PODCLAW: &str = env!("CARGO_BIN_EXE_podclaw");

/// The binary under test, with arguments and a scrubbed environment.
#[must_use]
pub(crate) fn podclaw<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Program {
    Program::new(PODCLAW).args(args)
}
