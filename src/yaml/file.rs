//! A document from a file.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Document, MAX_BYTES, Problem, parse};

/// A file that is no document.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {path:?}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a directory, a pipe or a device.
    #[error("cannot read {path:?}: it is not a regular file")]
    NotRegular {
        /// Which file.
        path: PathBuf,
    },
    /// It is read, and something is wrong with it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
}

/// Reads one document from a file, which may be a symbolic link to one.
///
/// # Errors
/// The file cannot be read, or something is wrong with what is in it.
pub fn parse_file(path: &Path) -> Result<Document, FileError> {
    let failed = |source| FileError::Io { path: path.into(), source };
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits();
    // Opening a pipe must not wait for a writer.
    let flags = i32::try_from(nonblock).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(FileError::NotRegular { path: path.into() });
    }
    // One byte more than allowed, so that the parser says what is wrong with a longer one.
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    parse(&path.to_string_lossy(), &bytes).map_err(FileError::Invalid)
}
