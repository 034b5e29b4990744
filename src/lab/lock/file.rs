//! The file that is locked, where nobody else can have put one.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::file::Unfit;

/// Opens the file in a directory that is only this user's to write to; both are made where they are not there. The file
/// is for nobody else to open: whoever can open a file can lock it, and keep podclaw waiting.
pub(super) fn open(directory: &Path, name: &str) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(own(directory)?, name, flags, Mode::RUSR | Mode::WUSR).map_err(link)?;
    let file = File::from(file);
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(Unfit::NotRegular.into());
    }
    if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o077 != 0 {
        return Err(io::Error::other("others can open it"));
    }
    Ok(file)
}

/// Whether the file is the one that the next who comes will open.
pub(super) fn is_still(file: &File, directory: &Path, name: &str) -> io::Result<bool> {
    let is = file.metadata()?;
    match rustix::fs::statat(own(directory)?, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(there) => Ok((there.st_dev, there.st_ino) == (is.dev(), is.ino())),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn own(directory: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = File::from(rustix::fs::open(directory, flags, Mode::empty()).map_err(link)?);
    let found = opened.metadata()?;
    if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0 {
        return Err(io::Error::other("its directory belongs to somebody else, or others can write to it"));
    }
    Ok(opened)
}

/// What the system says of a link that is not followed differs between a directory and a file.
fn link(error: Errno) -> io::Error {
    if [Errno::LOOP, Errno::NOTDIR].contains(&error) { Unfit::Link.into() } else { error.into() }
}
