//! Reading below a root directory: `/` of the machine, or a tree of a test.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};

use crate::file;

/// The largest file that is read unless a caller asks for less: the tables of `/proc/net` can be long.
const LARGEST: u64 = 8 << 20;

/// How many names of one directory are taken.
const MOST_NAMES: usize = 20_000;

/// Why something was not seen. It may be there all the same, except with [`Unseen::Missing`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// This user may not look.
    #[error("this user may not look")]
    Forbidden,
    /// Something else kept podclaw from looking, or from understanding what it saw.
    #[error("{0}")]
    Unfit(String),
}

/// Something that was seen, or the reason why not.
pub type Seen<T> = Result<T, Unseen>;

impl Unseen {
    /// A link leads away from where something was looked for.
    #[must_use]
    pub fn link() -> Self {
        Self::Unfit("a symbolic link, which is not followed, leads elsewhere".into())
    }
}

impl From<io::Error> for Unseen {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            _ => Self::Unfit(error.to_string()),
        }
    }
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A socket.
    Socket,
    /// A device or a pipe.
    Other,
}

/// What there is to know of a path without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub what: What,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in seconds since 1970.
    pub modified: i64,
}

/// The directory below which everything is looked for.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

impl Root {
    /// The machine itself.
    #[must_use]
    pub fn machine() -> Self {
        Self("/".into())
    }

    /// Another tree.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where an absolute path of the machine is.
    #[must_use]
    pub fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A text of the system; links are followed, and what is no UTF-8 is replaced.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn text(&self, path: impl AsRef<Path>) -> Seen<String> {
        let bytes = file::read(&self.join(path), LARGEST)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same, without the white space around it.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn word(&self, path: impl AsRef<Path>) -> Seen<String> {
        Ok(self.text(path)?.trim().to_owned())
    }

    /// A number of the system.
    ///
    /// # Errors
    /// As [`Self::text`], or that it is no number.
    pub fn number(&self, path: impl AsRef<Path>) -> Seen<i64> {
        let word = self.word(path)?;
        word.parse().map_err(|_| Unseen::Unfit("it is no number".into()))
    }

    /// The first `most` bytes of a regular file, with no link on the way to it.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn head(&self, path: &Path, most: u64) -> Seen<Vec<u8>> {
        use std::io::Read as _;

        if self.meta(path)?.what != What::File {
            return Err(Unseen::Unfit("it is not a regular file".into()));
        }
        let mut bytes = Vec::new();
        file::open(&self.join(path))?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What a path is. A link on the way there is not followed, because somebody else may have put it there.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn meta(&self, path: &Path) -> Seen<Meta> {
        let mut at = self.0.clone();
        let mut parts = path.components().filter(|part| matches!(part, Component::Normal(_))).peekable();
        while let Some(part) = parts.next() {
            at.push(part);
            if parts.peek().is_some() && std::fs::symlink_metadata(&at)?.is_symlink() {
                // One that leads nowhere hides nothing.
                std::fs::metadata(&at)?;
                return Err(Unseen::link());
            }
        }
        Ok(Meta::of(&std::fs::symlink_metadata(&at)?))
    }

    /// The same, but links are followed: for paths that the distribution made.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn followed(&self, path: impl AsRef<Path>) -> Seen<Meta> {
        Ok(Meta::of(&std::fs::metadata(self.join(path))?))
    }

    /// Where a path of the system really is, after all links; nothing where that is not below this root.
    #[must_use]
    pub fn settled(&self, path: &Path) -> Option<PathBuf> {
        let real = std::fs::canonicalize(self.join(path)).ok()?;
        let own = std::fs::canonicalize(&self.0).ok()?;
        Some(Path::new("/").join(real.strip_prefix(own).ok()?))
    }

    /// Where a link leads, as text.
    ///
    /// # Errors
    /// Why it was not seen.
    pub fn link(&self, path: impl AsRef<Path>) -> Seen<String> {
        Ok(std::fs::read_link(self.join(path))?.to_string_lossy().into_owned())
    }

    /// The names in a directory, sorted.
    ///
    /// # Errors
    /// Why it was not seen, or that there are too many.
    pub fn names(&self, path: impl AsRef<Path>) -> Seen<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.join(path))? {
            names.push(entry?.file_name());
            if names.len() > MOST_NAMES {
                return Err(Unseen::Unfit(format!("it has more than {MOST_NAMES} entries")));
            }
        }
        names.sort();
        Ok(names)
    }

    /// The same as text, for directories of the kernel.
    ///
    /// # Errors
    /// As [`Self::names`].
    pub fn words(&self, path: impl AsRef<Path>) -> Seen<Vec<String>> {
        Ok(self.names(path)?.into_iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }
}

impl Meta {
    fn of(found: &std::fs::Metadata) -> Self {
        Self {
            what: match found.file_type() {
                kind if kind.is_file() => What::File,
                kind if kind.is_dir() => What::Directory,
                kind if kind.is_symlink() => What::Link,
                kind if kind.is_socket() => What::Socket,
                _ => What::Other,
            },
            mode: found.mode() & 0o7777,
            uid: found.uid(),
            gid: found.gid(),
            size: found.size(),
            modified: found.mtime(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_missing_from_what_was_not_seen() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        std::fs::create_dir(tree.path().join("etc")).unwrap();
        std::fs::write(tree.path().join("etc/a"), " 7\n").unwrap();
        std::os::unix::fs::symlink("etc", tree.path().join("link")).unwrap();
        assert_eq!(root.number("/etc/a"), Ok(7));
        assert_eq!(root.text("/etc/none"), Err(Unseen::Missing));
        assert!(matches!(root.text("/etc"), Err(Unseen::Unfit(_))));
        assert!(root.meta(Path::new("/etc/a")).unwrap().what == What::File);
        assert!(root.meta(Path::new("/link")).unwrap().what == What::Link);
        std::os::unix::fs::symlink("none", tree.path().join("nowhere")).unwrap();
        // Through a link nothing is seen, except for what the distribution made.
        assert_eq!(root.meta(Path::new("/link/a")), Err(Unseen::link()));
        assert_eq!(root.head(Path::new("/link/a"), 9), Err(Unseen::link()));
        assert_eq!(root.meta(Path::new("/nowhere/a")), Err(Unseen::Missing));
        assert_eq!(root.word("/link/a"), Ok("7".into()));
    }
}
