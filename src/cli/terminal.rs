//! A command in a guest that has this terminal.

use std::io::IsTerminal;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use super::exec::exit_code;
use super::failure::Failure;
use super::pump;
use crate::incus::{Command, Session, Terminal};
use crate::lab::Lab;
use crate::names::GuestName;
use crate::ui::{Stream, Ui};

/// Runs a command with this terminal until it ends. What the guest writes reaches the terminal as it is: that is what
/// a terminal is for, and why a shell into a hostile guest is for a terminal that one can close.
pub(super) async fn run(lab: &Lab, guest: &GuestName, command: &Command, ui: &Ui) -> Result<u8, Failure> {
    if !std::io::stdin().is_terminal() || !Stream::Out.is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to give to the guest",
            format!("to run a command without one: podclaw exec {guest} -- COMMAND"),
        ));
    }
    let command = command.clone().env("TERM", std::env::var("TERM").unwrap_or_else(|_| "xterm".into()));
    let session = lab.client.exec(&lab.project, guest.as_str(), &command, Some(size())).await?;
    let Session { stdin, stdout, mut process, .. } = session;
    let raw = RawMode::enter()?;
    tokio::spawn(pump::feed(tokio::io::stdin(), stdin));
    let terminal = ui.clone();
    let shown =
        tokio::spawn(async move { pump::drain(stdout, |bytes| terminal.write_bytes(Stream::Out, bytes)).await });
    let mut resized = signal(SignalKind::window_change())?;
    let code = loop {
        tokio::select! {
            code = process.wait() => break code,
            _ = resized.recv() => process.resize(size()),
        }
    };
    // The last of the output may still be on its way; if showing it fails, the terminal is gone.
    let _ = shown.await;
    drop(raw);
    Ok(exit_code(code?))
}

fn size() -> Terminal {
    match tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Terminal { width: size.ws_col, height: size.ws_row },
        _ => Terminal { width: 80, height: 24 },
    }
}

/// The terminal hands over each key at once and leaves them all to the guest. Dropping it restores the terminal.
struct RawMode(Termios);

impl RawMode {
    fn enter() -> std::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(std::io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to restore.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
