//! Running a command to its end and keeping what it says.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use super::session::Session;
use super::{Command, Stdin};
use crate::incus::client::Client;
use crate::incus::error::{Error, Refusal, Result};
use crate::incus::location::{Object, ProjectName};
use crate::text;

/// How often a command is run that the daemon loses.
const TRIES: usize = 4;

/// What a command said, and how it ended. The guest wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// Its exit code.
    pub code: i32,
    /// What it wrote, up to the limit.
    pub stdout: Vec<u8>,
    /// What it complained about, up to the limit.
    pub stderr: Vec<u8>,
}

impl Client {
    /// Runs a command to its end with `stdin` as its input, and keeps the first `limit` bytes of each of its outputs. One
    /// that the daemon loses is run again, so the command must bear that.
    ///
    /// Dropping the future kills the command.
    ///
    /// # Errors
    /// [`Error::Overran`] where it did not end in time; it was killed then. An exit code other than 0 is no error.
    pub async fn capture(
        &self,
        project: &ProjectName,
        instance: &str,
        command: &Command,
        stdin: &[u8],
        limit: usize,
        within: Duration,
    ) -> Result<Captured> {
        let run = async {
            for _ in 1..TRIES {
                let session = self.exec(project, instance, command, None).await?;
                match collect(session, stdin, limit).await {
                    Err(error) if error.refusal() == Some(Refusal::Lost) => {}
                    ended => return ended,
                }
            }
            collect(self.exec(project, instance, command, None).await?, stdin, limit).await
        };
        timeout(within, run).await.unwrap_or_else(|_| {
            Err(Error::Overran {
                command: text::excerpt(command.argv.first().map_or("", String::as_str), 64),
                object: Object::instance(project, instance).to_string(),
                after: within,
            })
        })
    }
}

async fn collect(session: Session, input: &[u8], limit: usize) -> Result<Captured> {
    let Session { stdin, stdout, stderr, mut process } = session;
    let ((), stdout, stderr) = tokio::join!(feed(stdin, input), keep(stdout, limit), keep(stderr, limit));
    let code = process.wait().await?;
    Ok(Captured { code, stdout, stderr })
}

async fn feed(mut stdin: Stdin, input: &[u8]) {
    // A command may end without reading its input; its exit code says whether that was right.
    let _ = stdin.send(input).await;
}

/// The first `limit` bytes. Reads to the end, so that the command is not held up.
async fn keep(mut output: impl AsyncRead + Unpin, limit: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    // An output that breaks ends; the process tells what happened.
    while let Ok(length @ 1..) = output.read(&mut buffer).await {
        let room = limit - kept.len();
        kept.extend_from_slice(&buffer[..length.min(room)]);
    }
    kept
}
