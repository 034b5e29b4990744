//! A running command: its streams, and the process itself.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Terminal;
use crate::incus::asked::Asked;
use crate::incus::client::Client;
use crate::incus::error::Result;
use crate::incus::job::Job;
use crate::incus::types::Operation;
use crate::incus::websocket::Socket;

/// How much of the input goes into one message, in bytes.
const PIECE: usize = 32 << 10;

/// A command that runs in an instance.
///
/// Take it apart to use its streams side by side. The output has to be read to its end, or the command waits for that.
#[derive(Debug)]
pub struct Session {
    /// What the command reads.
    pub stdin: Stdin,
    /// What it writes. With a terminal, all of it.
    pub stdout: Output,
    /// What it complains about. With a terminal, nothing.
    pub stderr: Output,
    /// The command itself. Dropping it kills the command.
    pub process: Process,
}

/// The input of a command. Dropping it says that there is no more.
#[derive(Debug)]
pub struct Stdin {
    pieces: mpsc::Sender<Bytes>,
}

impl Stdin {
    /// The input that is sent through `sink` until it is dropped, or until `ended`.
    pub(super) fn new(sink: SplitSink<Socket, Message>, ended: CancellationToken) -> Self {
        let (pieces, received) = mpsc::channel(4);
        tokio::spawn(feed(sink, received, ended));
        Self { pieces }
    }

    /// Sends some bytes; they are on their way, but not read, when it returns.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] when the command does not read any more.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            let sent = self.pieces.send(Bytes::copy_from_slice(piece)).await;
            sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        }
        Ok(())
    }
}

/// Sends a command its input.
async fn feed(mut sink: SplitSink<Socket, Message>, mut pieces: mpsc::Receiver<Bytes>, ended: CancellationToken) {
    loop {
        let piece = tokio::select! {
            piece = pieces.recv() => piece,
            () = ended.cancelled() => None,
        };
        let Some(piece) = piece else { break };
        if sink.send(Message::Binary(piece)).await.is_err() {
            return;
        }
    }
    // The daemon takes an empty text for the end, because a closed socket could also be a lost one. A command with a
    // terminal does not end for the daemon before it got this, even when its process is long gone.
    let _ = sink.send(Message::text("")).await;
}

fn into_io(error: WsError) -> io::Error {
    match error {
        WsError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::BrokenPipe, other),
    }
}

/// An output of a command, to be read as bytes. The guest wrote them.
#[derive(Debug)]
pub struct Output {
    /// `None` at the end.
    socket: Option<SplitStream<Socket>>,
    /// What was received, but not read yet.
    rest: Bytes,
    /// Cancelled at the end, or when nobody reads any more.
    ended: DropGuard,
}

impl Output {
    pub(super) fn new(socket: SplitStream<Socket>, ended: CancellationToken) -> Self {
        Self { socket: Some(socket), rest: Bytes::new(), ended: ended.drop_guard() }
    }

    pub(super) fn empty() -> Self {
        Self { socket: None, rest: Bytes::new(), ended: CancellationToken::new().drop_guard() }
    }

    fn end(&mut self) {
        self.socket = None;
        self.ended = CancellationToken::new().drop_guard();
    }
}

impl AsyncRead for Output {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            let Some(socket) = &mut self.socket else { return Poll::Ready(Ok(())) };
            match ready!(socket.poll_next_unpin(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                // The daemon also drops its sockets without a word when the command ended.
                Some(
                    Ok(Message::Text(_) | Message::Close(_))
                    | Err(WsError::ConnectionClosed | WsError::AlreadyClosed | WsError::Protocol(_)),
                )
                | None => self.end(),
                Some(Err(error)) => {
                    self.end();
                    return Poll::Ready(Err(into_io(error)));
                }
            }
        }
        let length = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(length));
        Poll::Ready(Ok(()))
    }
}

/// What the control socket is told.
#[derive(Debug)]
pub(super) enum Control {
    Resize(Terminal),
    Signal(i32),
}

impl Control {
    fn message(&self) -> Message {
        let json = match self {
            Self::Resize(to) => serde_json::json!({
                "command": "window-resize",
                "args": { "width": to.width.to_string(), "height": to.height.to_string() },
            }),
            Self::Signal(number) => serde_json::json!({ "command": "signal", "signal": number }),
        };
        Message::text(json.to_string())
    }
}

/// The process of a command. Dropping it kills the command; what the command started itself may live on.
#[derive(Debug)]
pub struct Process {
    pub(super) asked: Asked,
    pub(super) control: mpsc::UnboundedSender<Control>,
    pub(super) end: End,
    pub(super) code: Option<i32>,
}

/// How it comes to be known that the command ended.
#[derive(Debug)]
pub(super) enum End {
    /// It is waited for from the beginning, since the daemon forgets commands that ended.
    Watched(JoinHandle<Result<Operation>>),
    /// The daemon is asked as soon as somebody wants to know.
    Unwatched(Box<(Client, Operation)>),
}

impl Process {
    /// Waits for the end from now on, whether or not anybody wants to know.
    pub(super) fn watch(&mut self) {
        if let End::Unwatched(known) = &self.end {
            let (about, (client, operation)) = (self.asked.clone(), (**known).clone());
            self.end = End::Watched(tokio::spawn(async move { client.end(&about, operation, &Job::quiet()).await }));
        }
    }

    /// Tells the command that its terminal has another size.
    pub fn resize(&self, to: Terminal) {
        // A command that ended has no terminal, which is no error of whoever resizes it.
        let _ = self.control.send(Control::Resize(to));
    }

    /// Sends the command a signal, by its number.
    pub fn signal(&self, number: i32) {
        let _ = self.control.send(Control::Signal(number));
    }

    /// Waits for the end of the command and returns its exit code; 128 and more where a signal ended it.
    ///
    /// # Errors
    /// Why it could not be run, such as that there is no such program.
    pub async fn wait(&mut self) -> Result<i32> {
        if let Some(code) = self.code {
            return Ok(code);
        }
        let operation = match &mut self.end {
            End::Watched(end) => end.await.map_err(|error| self.asked.ended(&error))??,
            End::Unwatched(known) => {
                let (client, operation) = &**known;
                client.end(&self.asked, operation.clone(), &Job::quiet()).await?
            }
        };
        let code = operation.metadata.get("return").and_then(serde_json::Value::as_i64);
        let code = code.and_then(|code| i32::try_from(code).ok());
        self.code = code;
        code.ok_or_else(|| self.asked.malformed(&"its operation has no exit code"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let End::Watched(end) = &self.end {
            end.abort();
        }
    }
}

/// Keeps the control socket: sends what it is told, until nobody can tell it anything any more. Then it closes, which
/// kills the command where it still runs.
pub(super) async fn keep_control(mut socket: Socket, mut told: mpsc::UnboundedReceiver<Control>) {
    loop {
        tokio::select! {
            next = told.recv() => {
                let Some(next) = next else {
                    let _ = socket.close(None).await;
                    return;
                };
                if socket.send(next.message()).await.is_err() {
                    return;
                }
            }
            // The daemon only sends pings here; reading answers them.
            received = socket.next() => {
                if !matches!(received, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}
