//! The `podclaw` program: parses its arguments and hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    podclaw::cli::main()
}
