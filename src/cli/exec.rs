//! `podclaw exec`.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::context::Context;
use super::failure::Failure;
use super::{pump, terminal};
use crate::incus::{Command, Output, Session};
use crate::lab;
use crate::names::GuestName;
use crate::text::Escaper;
use crate::ui::{Stream, Ui};

/// What `exec` takes.
#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    /// The guest
    name: GuestName,
    /// Give the command a terminal
    #[arg(short, long)]
    tty: bool,
    /// Run it as the gateway's user, in place of root
    #[arg(long)]
    service_user: bool,
    /// The command and its arguments; no shell looks at them
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(crate) async fn run(args: ExecArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    lab::running_guest(&lab, &args.name).await?;
    let mut command = Command::new(args.command);
    if args.service_user {
        command = lab::inside::as_service(command);
    }
    if args.tty {
        return terminal::run(&lab, &args.name, &command, &context.ui).await;
    }
    let Session { stdin, stdout, stderr, mut process } =
        lab.client.exec(&lab.project, args.name.as_str(), &command, None).await?;
    tokio::spawn(pump::feed(tokio::io::stdin(), stdin));
    let out = tokio::spawn(show(stdout, Stream::Out, context.ui.clone()));
    let err = tokio::spawn(show(stderr, Stream::Err, context.ui.clone()));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut asked_to_end = 0;
    let code = loop {
        tokio::select! {
            code = process.wait() => break code?,
            _ = interrupt.recv() => process.signal(2),
            _ = terminate.recv() => process.signal(15),
        }
        asked_to_end += 1;
        // A guest can ignore signals; it can't keep podclaw. Dropping the process kills the command.
        if asked_to_end > MOST_SIGNALS {
            let message =
                anyhow::anyhow!("the command in {} did not end when it was told to; it was killed", args.name);
            return Err(Failure::could_not(message, None));
        }
    };
    // What the command wrote last may still be on its way.
    for shown in <[_; 2]>::from(tokio::join!(out, err)).into_iter().flatten() {
        let about = |error| Failure::from(error).about("cannot write what the command says".into());
        super::unless_unread(shown).map_err(about)?;
    }
    Ok(exit_code(code))
}

/// How often a command is told to end before it is killed.
const MOST_SIGNALS: usize = 2;

/// The command's exit code as podclaw's own; one that does not fit counts as a failure.
pub(super) fn exit_code(code: i32) -> u8 {
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// Copies a guest's output. A terminal is shown it escaped, because a terminal obeys what it is shown; a file or a
/// pipe gets it as it is.
async fn show(output: Output, stream: Stream, ui: Ui) -> std::io::Result<()> {
    if !stream.is_terminal() {
        return pump::drain(output, |bytes| ui.write_bytes(stream, bytes)).await;
    }
    let mut escaper = Escaper::default();
    pump::drain(output, |bytes| ui.write_bytes(stream, escaper.feed(bytes).as_bytes())).await?;
    ui.write_bytes(stream, escaper.finish().as_bytes())
}
