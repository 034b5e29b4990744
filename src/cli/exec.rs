//! `podclaw exec`.

use std::io::{IsTerminal, Write};

use clap::Args;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::signal::unix::{SignalKind, signal};

use super::context::Context;
use super::failure::Failure;
use super::terminal;
use crate::incus::{Command, Output, Session, Stdin};
use crate::lab;
use crate::names::GuestName;
use crate::text::Escaper;

/// Uid and gid of the service user.
const SERVICE_ID: u32 = 1000;

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
        command = command
            .as_user(SERVICE_ID, SERVICE_ID)
            .env("HOME", "/home/openclaw")
            .env("XDG_RUNTIME_DIR", "/run/user/1000");
        command.directory = Some("/home/openclaw".into());
    }
    if args.tty {
        return terminal::run(&lab, &args.name, &command).await;
    }
    let Session { stdin, stdout, stderr, mut process } =
        lab.client.exec(&lab.project, args.name.as_str(), &command, None).await?;
    tokio::spawn(feed(stdin));
    let out = tokio::spawn(show(stdout, Stream::Out));
    let err = tokio::spawn(show(stderr, Stream::Err));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let code = loop {
        tokio::select! {
            code = process.wait() => break code?,
            _ = interrupt.recv() => process.signal(2),
            _ = terminate.recv() => process.signal(15),
        }
    };
    // What the command wrote last may still be on its way.
    let _ = tokio::join!(out, err);
    Ok(exit_code(code))
}

/// The command's exit code as podclaw's own; one that does not fit counts as a failure.
pub(super) fn exit_code(code: i32) -> u8 {
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// Sends what podclaw reads; dropping the command's input at the end tells the command that there is no more.
async fn feed(mut stdin: Stdin) {
    let mut input = tokio::io::stdin();
    let mut buffer = vec![0; 32 * 1024];
    while let Ok(length @ 1..) = input.read(&mut buffer).await {
        if stdin.send(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

/// Copies a guest's output. A terminal is shown it escaped, because a terminal obeys what it is shown; a file or a
/// pipe gets it as it is.
async fn show(mut output: Output, stream: Stream) -> std::io::Result<()> {
    let escape = match stream {
        Stream::Out => std::io::stdout().is_terminal(),
        Stream::Err => std::io::stderr().is_terminal(),
    };
    copy(&mut output, escape, |bytes| match stream {
        Stream::Out => write(&mut std::io::stdout().lock(), bytes),
        Stream::Err => write(&mut std::io::stderr().lock(), bytes),
    })
    .await
}

async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    escape: bool,
    mut to: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut escaper = Escaper::default();
    let mut buffer = vec![0; 32 * 1024];
    while let length @ 1.. = from.read(&mut buffer).await? {
        if escape {
            to(escaper.feed(&buffer[..length]).as_bytes())?;
        } else {
            to(&buffer[..length])?;
        }
    }
    to(escaper.finish().as_bytes())
}

fn write(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}
