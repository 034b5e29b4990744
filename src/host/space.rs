//! How much room a file system has.

use std::path::Path;

use super::{Seen, Unseen};

/// The room of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// All of it.
    pub total: u64,
    /// What can still be written.
    pub free: u64,
}

/// The room of the file system that a path is on, or its nearest directory that is there.
///
/// # Errors
/// Why it was not seen.
pub fn space(path: &Path) -> Seen<Space> {
    let there = path.ancestors().find(|path| path.exists()).ok_or(Unseen::Missing)?;
    let found = rustix::fs::statvfs(there).map_err(|error| Unseen::from(std::io::Error::from(error)))?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Space { total: bytes(found.f_blocks), free: bytes(found.f_bavail) })
}
