//! `podclaw shell`.

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::terminal;
use crate::incus::Command;
use crate::lab;
use crate::names::GuestName;

/// What `shell` takes.
#[derive(Debug, Args)]
pub(crate) struct ShellArgs {
    /// The guest
    name: GuestName,
}

pub(crate) async fn run(args: ShellArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    lab::running_guest(&lab, &args.name).await?;
    let mut command = Command::new(["/bin/bash", "-l"]).env("HOME", "/root");
    command.directory = Some("/root".into());
    terminal::run(&lab, &args.name, &command, &context.ui).await
}
