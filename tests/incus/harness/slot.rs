//! A slot: what one worker of one run owns, so that several live side by side on one machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The directory of all slots. The path is short, because those of Unix sockets in it must stay below 108 bytes; it is
/// root's alone, so that nobody else can put anything in the way; and it is not a tmpfs, which loop files would fill.
pub(crate) const BASE: &str = "/var/lib/podclaw-test";

/// How many workers there can be at once.
pub(crate) const COUNT: u8 = 32;

/// What processes of a run carry in their environment, with the slot's directory as its value.
pub(crate) const MARK: &str = "PODCLAW_TEST_RUN";

/// The number of a slot, from which everything else follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) u8);

impl Slot {
    /// Every slot there can be.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..COUNT).map(Self)
    }

    /// Its directory.
    pub(crate) fn dir(self) -> PathBuf {
        Path::new(BASE).join(self.prefix())
    }

    /// How the names of its labs start, and so those of its bridges and its containers' control groups.
    pub(crate) fn prefix(self) -> String {
        format!("pt{:02x}", self.0)
    }

    /// The first two bytes of its addresses; the others are its own, 256 networks of 256.
    pub(crate) fn network(self) -> [u8; 2] {
        [10, 200 + self.0]
    }

    /// Takes it, unless another run has it. It is free again when the file is closed.
    pub(crate) fn take(self) -> io::Result<Option<File>> {
        fs::create_dir_all(self.dir())?;
        let lock = File::open(self.dir())?;
        match lock.try_lock() {
            Ok(()) => Ok(is_still(&lock, &self.dir()).then_some(lock)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Whether `path` is still what was opened: the owner before may have removed it between opening and locking.
pub(crate) fn is_still(file: &File, path: &Path) -> bool {
    let ids = |meta: &fs::Metadata| (meta.dev(), meta.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if ids(&a) == ids(&b))
}
