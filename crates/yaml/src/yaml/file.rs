//! A document from a file.

use std::io;
use std::path::{Path, PathBuf};

use super::{Document, MAX_BYTES, Problem, parse};
use crate::file::{self, Unfit};

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
    let bytes = file::read(path, MAX_BYTES as u64).map_err(|source| match Unfit::of(&source) {
        Some(Unfit::NotRegular) => FileError::NotRegular { path: path.into() },
        _ => FileError::Io { path: path.into(), source },
    })?;
    parse(&path.to_string_lossy(), &bytes).map_err(FileError::Invalid)
}
