//! Files that somebody names, read without trusting them: whole, but never more than is allowed, and never waiting.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Why a file is not read. The functions here return it inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is a directory, a pipe or a device.
    #[error("it is not a regular file")]
    NotRegular,
    /// It is a symbolic link, where none is followed.
    #[error("it is a symbolic link")]
    Link,
    /// It has more bytes than this.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
}

impl Unfit {
    /// The reason inside an error of this module; `None` where it is the system's.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<Unfit> for io::Error {
    fn from(reason: Unfit) -> Self {
        Self::other(reason)
    }
}

/// Opens a regular file, or the one that a symbolic link points at, for reading in pieces.
///
/// # Errors
/// What the system says, or [`Unfit::NotRegular`].
pub fn open(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::empty())
}

/// Reads a regular file of at most `limit` bytes, or the one that a symbolic link points at.
///
/// # Errors
/// What the system says, or an [`Unfit`].
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_all(&open(path)?, limit)
}

/// The same, but a symbolic link is refused.
///
/// # Errors
/// As [`read`].
pub fn read_no_link(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_with(path, OFlags::NOFOLLOW).map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => Unfit::Link.into(),
        _ => error,
    })?;
    read_all(&file, limit)
}

fn open_with(path: &Path, flags: OFlags) -> io::Result<File> {
    // Opening a pipe must not wait for a writer.
    let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(Unfit::NotRegular.into());
    }
    Ok(file)
}

/// No more memory than this is taken before there is anything to put into it.
const MOST_AT_ONCE: usize = 1024 * 1024;

fn read_all(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    // The bytes themselves are counted, since a file may grow while it is read. Its size now only saves moving them.
    let size = file.metadata()?.len().min(limit);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(MOST_AT_ONCE) + 1);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Unfit::TooLarge(limit).into());
    }
    Ok(bytes)
}

/// The same as [`read`], for text.
///
/// # Errors
/// As [`read`], and [`io::ErrorKind::InvalidData`] where it is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_what_is_small_and_regular() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let unfit = |path: &Path| Unfit::of(&read(path, 3).unwrap_err());
        std::fs::write(at("three"), "abc").unwrap();
        std::fs::write(at("four"), "abcd").unwrap();
        std::os::unix::fs::symlink("three", at("link")).unwrap();
        std::fs::write(at("binary"), b"\xff").unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();

        assert_eq!(read(&at("three"), 3).unwrap(), b"abc");
        assert_eq!(read_text(&at("link"), 3).unwrap(), "abc");
        assert_eq!(Unfit::of(&read_no_link(&at("link"), 3).unwrap_err()), Some(Unfit::Link));
        assert_eq!(read_no_link(&at("three"), 3).unwrap(), b"abc");
        assert_eq!(unfit(&at("four")), Some(Unfit::TooLarge(3)));
        for path in [&at("pipe"), directory.path(), Path::new("/dev/zero")] {
            assert_eq!(unfit(path), Some(Unfit::NotRegular), "{}", path.display());
        }
        assert_eq!(unfit(&at("none")), None);
        assert_eq!(read_text(&at("binary"), 3).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
