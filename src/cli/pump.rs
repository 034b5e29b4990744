//! Carrying bytes between podclaw's own streams and those of a command in a guest.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::incus::Stdin;

/// How much is carried at once, in bytes.
const PIECE: usize = 32 * 1024;

/// Gives a command what `from` brings, until either of them ends. The command's input is dropped then, which tells the
/// command that there is no more.
pub(super) async fn feed(mut from: impl AsyncRead + Unpin, mut to: Stdin) {
    let mut buffer = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if to.send(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Hands over what `from` brings, until it ends or `to` refuses.
pub(super) async fn drain(
    mut from: impl AsyncRead + Unpin,
    mut to: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    while let length @ 1.. = from.read(&mut buffer).await? {
        to(&buffer[..length])?;
    }
    Ok(())
}
