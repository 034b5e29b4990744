//! `podclaw man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::args::Cli;
use super::context::Context;
use super::failure::{DONE, Failure};

/// What `man` takes.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write one page a command into this directory, in place of the main page to standard output
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs, context: &Context) -> Result<u8, Failure> {
    if let Some(directory) = &args.directory {
        let about =
            |error: std::io::Error| Failure::from(error).about(format!("cannot write to {}", directory.display()));
        std::fs::create_dir_all(directory).map_err(about)?;
        clap_mangen::generate_to(Cli::command(), directory).map_err(about)?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        super::write_result(&page, &context.ui)?;
    }
    Ok(DONE)
}
