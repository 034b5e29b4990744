//! What a websocket goes over.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection to the daemon.
#[derive(Debug)]
pub(super) struct Wire<S> {
    connection: S,
    only_listens: bool,
}

impl<S> Wire<S> {
    pub(super) fn new(connection: S) -> Self {
        Self { connection, only_listens: false }
    }

    /// From now on it makes no difference whether anything arrives that is written here.
    ///
    /// The daemon pings as soon as it is connected, and closes once all is said. The websocket answers each ping before it
    /// reads on, and if that can't be sent any more, it gives up: all that was said and not read yet would be lost.
    pub(super) fn only_listen(&mut self) {
        self.only_listens = true;
    }

    fn forgive<T>(&self, done: Poll<Result<T>>, instead: T) -> Poll<Result<T>> {
        let is_gone = |error: &Error| matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset);
        match done {
            Poll::Ready(Err(error)) if self.only_listens && is_gone(&error) => Poll::Ready(Ok(instead)),
            other => other,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write(cx, bytes);
        self.forgive(written, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = Pin::new(&mut self.connection).poll_flush(cx);
        self.forgive(flushed, ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::net::UnixStream;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Bytes, Message};

    use super::*;

    /// What a daemon said that pinged, said it, and went away before anybody read.
    async fn heard(only_listens: bool) -> Vec<Bytes> {
        let (ours, daemons) = UnixStream::pair().unwrap();
        let mut daemon = WebSocketStream::from_raw_socket(daemons, Role::Server, None).await;
        daemon.send(Message::Ping(Bytes::new())).await.unwrap();
        daemon.send(Message::binary(&b"said"[..])).await.unwrap();
        drop(daemon);
        let mut wire = Wire::new(ours);
        if only_listens {
            wire.only_listen();
        }
        let socket = WebSocketStream::from_raw_socket(wire, Role::Client, None).await;
        let said = socket.filter_map(|message| async {
            match message {
                Ok(Message::Binary(bytes)) => Some(bytes),
                _ => None,
            }
        });
        said.collect().await
    }

    #[tokio::test]
    async fn what_was_said_is_heard_after_the_end() {
        assert_eq!(heard(true).await, [&b"said"[..]]);
        assert_eq!(heard(false).await, [&b""[..]; 0], "then nothing of this is needed");
    }
}
