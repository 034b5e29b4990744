//! `podclaw completions`.

use clap::{Args, CommandFactory};

use super::args::Cli;
use super::context::Context;
use super::failure::{DONE, Failure};

/// What `completions` takes.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell to complete in
    shell: clap_complete::Shell,
}

#[expect(clippy::needless_pass_by_value, reason = "every command takes its arguments by value")]
pub(crate) fn run(args: CompletionsArgs, context: &Context) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "podclaw", &mut script);
    super::write_result(&script, &context.ui)?;
    Ok(DONE)
}
