//! Running the programs that make images.
//!
//! They run in process and mount namespaces of their own, and die with podclaw: whatever they started and mounted goes
//! with the namespaces, however either of them ends.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdout, ExitStatus, Stdio};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::sync::oneshot;

use super::error::{Error, Result};
use crate::incus::Job;
use crate::program::{KillOnDrop, Running};
use crate::progress::Progress;

/// How much of the end of a program's output an error shows.
const TAIL_LINES: usize = 15;
const TAIL_BYTES: usize = 8192;

/// The longest line of output that is shown while a program runs, in characters.
const STATUS_LENGTH: usize = 160;

/// `unshare` ends like this where the program is not there.
const NOT_FOUND: i32 = 127;

/// A program to run.
#[derive(Debug)]
pub(super) struct Command {
    /// What it does, for errors: `build the base image`.
    pub(super) what: &'static str,
    pub(super) program: &'static str,
    /// The Debian package that has the program.
    pub(super) package: &'static str,
    pub(super) args: Vec<OsString>,
    /// Set on top of podclaw's own environment, which has the proxies that people need.
    pub(super) env: Vec<(&'static str, OsString)>,
    pub(super) directory: PathBuf,
    /// Where all of its messages go.
    pub(super) log: PathBuf,
}

/// Runs a program to its end. Its messages (standard error) go to the log and, line by line, to the job's progress;
/// `consume` reads what it writes to standard output.
pub(super) async fn run<T: Send + 'static>(
    command: Command,
    job: &Job,
    consume: impl FnOnce(&mut ChildStdout) -> Result<T> + Send + 'static,
) -> Result<T> {
    let what = command.what;
    let running = Arc::new(Running::default());
    let _killed_when_dropped = KillOnDrop(Arc::clone(&running));
    let (answer, mut answered) = oneshot::channel();
    let thread = {
        let (running, progress) = (Arc::clone(&running), job.progress.clone());
        move || {
            // Nobody waits any more when the receiver is gone, and then nobody needs the answer.
            let _ = answer.send(attend(&command, &running, &progress, consume));
        }
    };
    // A thread of its own, not one of the runtime's: the child dies with the thread that started it.
    std::thread::Builder::new()
        .name("podclaw-image".into())
        .spawn(thread)
        .map_err(|error| Error::file("start a thread to run", Path::new(what), error))?;
    let ended = tokio::select! {
        ended = &mut answered => ended,
        () = job.cancel.cancelled() => {
            running.kill();
            // It is waited for, so that nothing writes any more when the caller cleans up.
            let _ = answered.await;
            return Err(Error::Cancelled);
        }
    };
    ended.unwrap_or(Err(Error::Lost { what }))
}

/// Starts the program, reads all that it writes, and waits for it.
fn attend<T>(
    command: &Command,
    running: &Running,
    progress: &Progress,
    consume: impl FnOnce(&mut ChildStdout) -> Result<T>,
) -> Result<T> {
    let log = File::create(&command.log).map_err(|error| Error::file("create", &command.log, error))?;
    let mut child = std::process::Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(command.program)
        .args(&command.args)
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .current_dir(&command.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in a terminal must reach podclaw alone, which then ends the program in order.
        .process_group(0)
        .spawn()
        .map_err(|error| start_error(command, error))?;
    running.started(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (Some(mut stdout), Some(stderr)) = (stdout, stderr) else {
        return Err(Error::Lost { what: command.what });
    };
    let (consumed, tail) = std::thread::scope(|scope| {
        let messages = scope.spawn(|| follow(stderr, log, progress));
        let consumed = consume(&mut stdout);
        // A program that nobody reads from any more must end, and not wait for ever.
        drop(stdout);
        (consumed, messages.join().unwrap_or_default())
    });
    let status =
        running.reap(&mut child).map_err(|error| Error::file("wait for", Path::new(command.program), error))?;
    judge(command, status, consumed, &tail)
}

fn start_error(command: &Command, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        Error::MissingProgram { what: command.what, program: "setpriv", package: "util-linux" }
    } else {
        Error::file("start", Path::new(command.program), error)
    }
}

/// Which of the two errors is the cause: where the reader failed, the program was only cut off.
fn judge<T>(command: &Command, status: ExitStatus, consumed: Result<T>, tail: &[u8]) -> Result<T> {
    let cut_off = status.signal() == Some(Signal::PIPE.as_raw()) || matches!(consumed, Err(Error::NoSpace { .. }));
    match consumed {
        Ok(value) if status.success() => Ok(value),
        Err(error) if status.success() || cut_off || matches!(error, Error::Entry { .. }) => Err(error),
        _ if status.code() == Some(NOT_FOUND) => {
            Err(Error::MissingProgram { what: command.what, program: command.program, package: command.package })
        }
        _ if String::from_utf8_lossy(tail).contains("No space left on device") => {
            Err(Error::NoSpace { what: command.what, path: command.directory.clone() })
        }
        _ => Err(Error::Command {
            what: command.what,
            how: format!("{} ended with {status}", command.program),
            tail: crate::text::tail(tail, TAIL_LINES),
            log: command.log.clone(),
        }),
    }
}

/// Copies messages to the log, shows the latest line, and returns the end of it all.
fn follow(mut messages: ChildStderr, mut log: File, progress: &Progress) -> Vec<u8> {
    let mut tail: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = messages.read(&mut buffer) {
        // A log that cannot be written is no reason to fail: what it is for is kept in `tail` as well.
        let _ = log.write_all(&buffer[..read]);
        tail.extend_from_slice(&buffer[..read]);
        let surplus = tail.len().saturating_sub(TAIL_BYTES);
        tail.drain(..surplus);
        let last = tail.split(|b| *b == b'\n' || *b == b'\r').rfind(|line| !line.is_empty());
        if let Some(line) = last {
            progress.status(crate::text::excerpt(&String::from_utf8_lossy(line), STATUS_LENGTH));
        }
    }
    tail
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
