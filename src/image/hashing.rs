//! The digest of what is written, while it is written.

use std::io::{self, Write};

use sha2::Digest as _;

use crate::digest::Sha256;

/// Hashes and counts what is written through it.
#[derive(Debug)]
pub(super) struct Hashing<W> {
    inner: W,
    hasher: sha2::Sha256,
    written: u64,
}

impl<W: Write> Hashing<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, hasher: sha2::Sha256::new(), written: 0 }
    }

    /// The writer inside, the digest and the number of bytes.
    pub(super) fn finish(self) -> (W, Sha256, u64) {
        (self.inner, Sha256::of_all(self.hasher), self.written)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..taken]);
        self.written += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_counts_in_pieces() {
        let mut sink = Hashing::new(Vec::new());
        sink.write_all(b"ab").expect("a vector takes everything");
        sink.write_all(b"c").expect("a vector takes everything");
        let (bytes, digest, size) = sink.finish();
        assert_eq!((bytes.as_slice(), size), (b"abc".as_slice(), 3));
        assert_eq!(digest, Sha256::of(b"abc"));
    }
}
