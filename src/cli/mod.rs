//! The command line: one file a command, and the only place that prints.

use std::process::ExitCode;

/// Runs podclaw with this process' arguments.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
