//! A directory that evidence is written to: new, for nobody else to open, and with a list of what is in it.

use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use sha2::Digest as _;

use crate::digest::Sha256;

/// A file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its digest.
    pub digest: Sha256,
}

/// The directory.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    opened: File,
    written: Vec<Written>,
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Writing {
    name: String,
    file: File,
    bytes: u64,
    hasher: sha2::Sha256,
}

impl Directory {
    /// Makes it. One that is there already may be somebody else's, or have something of another day.
    pub(super) fn make(path: &Path) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(path)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        Ok(Self { path: path.to_owned(), opened, written: Vec::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A new file. Its name is podclaw's own: what the daemon names is only taken where it is a guest's name.
    pub(super) fn file(&self, name: &str) -> io::Result<Writing> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.opened, name, flags, Mode::RUSR | Mode::WUSR)?);
        Ok(Writing { name: name.to_owned(), file, bytes: 0, hasher: sha2::Sha256::new() })
    }

    /// The same, written at once.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut writing = self.file(name)?;
        writing.write(bytes)?;
        self.end(writing)
    }

    /// A file that is written.
    pub(super) fn end(&mut self, writing: Writing) -> io::Result<()> {
        writing.file.sync_all()?;
        let Writing { name, bytes, hasher, .. } = writing;
        self.written.push(Written { file: name, bytes, digest: Sha256::of_all(hasher) });
        Ok(())
    }

    /// All of them, with the list as the last one.
    pub(super) fn finish(mut self, list: &str, body: impl FnOnce(&[Written]) -> Vec<u8>) -> io::Result<Vec<Written>> {
        let bytes = body(&self.written);
        self.put(list, &bytes)?;
        self.opened.sync_all()?;
        Ok(self.written)
    }
}

impl Writing {
    pub(super) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece)?;
        self.hasher.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_written_is_new_and_for_nobody_else() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("e");
        let mut directory = Directory::make(&path).unwrap();
        directory.put("a", b"abc").unwrap();
        assert!(directory.put("a", b"x").is_err());
        std::os::unix::fs::symlink("/etc/passwd", path.join("link")).unwrap();
        assert!(directory.put("link", b"x").is_err());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("a"))), (0o700, 0o600));
        let written = directory.finish("list", |all| format!("{}", all.len()).into_bytes()).unwrap();
        assert_eq!(written.len(), 2);
        assert_eq!(written[0].digest, Sha256::of(b"abc"));
        assert!(Directory::make(&path).is_err());
        std::os::unix::fs::symlink(&path, place.path().join("l")).unwrap();
        assert!(Directory::make(&place.path().join("l")).is_err());
    }
}
