//! Starting a command and connecting its streams.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::session::{End, Output, Process, Session, Stdin, keep_control};
use super::{Command, Terminal};
use crate::incus::asked::Asked;
use crate::incus::client::Client;
use crate::incus::error::Result;
use crate::incus::location::{Object, ProjectName};
use crate::incus::request::Request;
use crate::incus::transport::{Answer, Payload};
use crate::incus::verbs::to_json;
use crate::incus::websocket::Socket;

impl Client {
    /// Starts a command in a running instance; with a terminal where one is given.
    ///
    /// Dropping the session, or its process, kills the command.
    ///
    /// # Errors
    /// Why the instance does not take commands, such as that it is not running. That the program does not exist is only
    /// told by [`Process::wait`].
    pub async fn exec(
        &self,
        project: &ProjectName,
        instance: &str,
        command: &Command,
        terminal: Option<Terminal>,
    ) -> Result<Session> {
        let mut session = self.exec_unwatched(project, instance, command, terminal).await?;
        session.process.watch();
        Ok(session)
    }

    /// The same, which asks the daemon for the end of the command only in [`Process::wait`]: a request less for a
    /// command that says itself that it is done. Who waits must do so as soon as its output ends, as the daemon forgets
    /// a command after five seconds.
    ///
    /// With a terminal it is three requests, and five without: the daemon wants a stream for each of input, output and
    /// complaints then.
    ///
    /// # Errors
    /// As [`Self::exec`].
    pub async fn exec_unwatched(
        &self,
        project: &ProjectName,
        instance: &str,
        command: &Command,
        terminal: Option<Terminal>,
    ) -> Result<Session> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("run a command in", &object);
        let mut body = json!({
            "command": command.argv,
            "environment": command.environment,
            "user": command.user,
            "group": command.group,
            "cwd": command.directory.as_deref().unwrap_or_default(),
            "wait-for-websocket": true,
            "interactive": terminal.is_some(),
        });
        if let Some(Terminal { width, height }) = terminal {
            body["width"] = width.into();
            body["height"] = height.into();
        }
        let payload = Payload::Json(to_json(&asked, &body)?);
        let answer = self.call(&asked, Method::POST, &object.request().below("exec"), payload).await?;
        let Answer::Async(operation) = answer else {
            return Err(asked.malformed(&"it is not about an operation"));
        };
        let secrets = Secrets::of(&asked, &operation.metadata)?;
        let connect = |fd: &'static str| self.connect_fd(&asked, &operation.id, &secrets, fd);

        // The control socket comes first: once the others are there the command runs, and must be killed with it.
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(keep_control(connect("control").await?, receiver));
        let mut input = connect("0").await?;
        if terminal.is_some() {
            input.get_mut().only_listen();
        }
        let (to_stdin, from_stdin) = input.split();
        let ended = CancellationToken::new();
        let (stdout, stderr) = if terminal.is_some() {
            (Output::new(from_stdin, ended.clone()), Output::empty())
        } else {
            // Only pings come back here; reading answers them.
            tokio::spawn(from_stdin.for_each(|_| std::future::ready(())));
            let output = |mut socket: Socket| {
                socket.get_mut().only_listen();
                Output::new(socket.split().1, CancellationToken::new())
            };
            (output(connect("1").await?), output(connect("2").await?))
        };
        let stdin = Stdin::new(to_stdin, ended);
        let end = End::Unwatched(Box::new((self.clone(), *operation)));
        let process = Process { asked, control: sender, end, code: None };
        Ok(Session { stdin, stdout, stderr, process })
    }

    async fn connect_fd(&self, asked: &Asked, operation: &str, secrets: &Secrets, fd: &'static str) -> Result<Socket> {
        let secret = secrets.fds.get(fd).ok_or_else(|| asked.malformed(&format_args!("it has no stream {fd}")))?;
        let request = Request::server(&["operations"]).below(operation).below("websocket").with("secret", secret);
        self.websocket(asked, &request).await
    }
}

/// What opens the streams of a command.
#[derive(Deserialize)]
struct Secrets {
    fds: BTreeMap<String, String>,
}

impl Secrets {
    fn of(asked: &Asked, metadata: &serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        Self::deserialize(metadata).map_err(|error| asked.malformed(&error))
    }
}
