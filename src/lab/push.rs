//! Bringing the gateway image into a guest.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, ReadBuf};

use super::{Error, Lab, Result};
use crate::cloud_init;
use crate::image::{self, GatewayArchive};
use crate::incus::{FileMode, Job, Owner};
use crate::names::GuestName;

const ROOT: Owner = Owner { uid: 0, gid: 0 };

/// Pushes the archive into a guest that does not run yet. What arrives is compared with the lock while it passes, so
/// that a file which changed since it was looked at never runs.
pub(super) async fn push(lab: &Lab, guest: &GuestName, archive: &GatewayArchive, job: &Job) -> Result<()> {
    let path = archive.path.display().to_string();
    let file = tokio::fs::File::open(&archive.path)
        .await
        .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
    let digest = Arc::new(Mutex::new(Sha256::new()));
    let source = Hashing { inner: file, digest: Arc::clone(&digest) };
    let (directory, _) = cloud_init::GATEWAY_ARCHIVE.rsplit_once('/').unwrap_or_default();
    let guest = guest.as_str();
    lab.client.make_directory(&lab.project, guest, directory, FileMode(0o755), ROOT).await?;
    lab.client
        .push_file(&lab.project, guest, cloud_init::GATEWAY_ARCHIVE, FileMode(0o644), ROOT, archive.size, source, job)
        .await?;
    let hasher = digest.lock().map(|hasher| hasher.clone()).unwrap_or_default();
    let is = image::Sha256::of_all(hasher);
    if is == archive.digest {
        Ok(())
    } else {
        Err(Error::WrongArchive { path, is: is.to_string(), wanted: archive.digest.to_string() })
    }
}

/// A reader that hashes what passes.
struct Hashing<R> {
    inner: R,
    digest: Arc<Mutex<Sha256>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Hashing<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let mut digest = self.digest.lock().map_err(|_| io::Error::other("the digest is poisoned"))?;
        digest.update(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn hashes_each_byte_once() {
        let digest = Arc::new(Mutex::new(Sha256::new()));
        let mut reader = Hashing { inner: &b"abc"[..], digest: Arc::clone(&digest) };
        let mut read = Vec::new();
        reader.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"abc");
        assert_eq!(image::Sha256::of_all(digest.lock().unwrap().clone()), image::Sha256::of(b"abc"));
    }
}
