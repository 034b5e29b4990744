//! Profiles in a directory, read without following anything out of it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::LoadError;
use crate::yaml;

/// The short name, the path and the content of every profile in a directory, by name.
pub(super) fn read(directory: &Path) -> Result<Vec<(String, String, Vec<u8>)>, LoadError> {
    let failed = |source| LoadError::Io { path: directory.into(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let stray = |reason| LoadError::Stray { path: path.clone(), reason };
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".yaml"));
        let name = name.ok_or_else(|| stray("its name does not end in .yaml"))?;
        if !is_short_name(name) {
            return Err(stray("its name has more than lower-case letters, digits and dashes, or is too long"));
        }
        let bytes = match read_regular(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(stray("it is not a regular file")),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(stray("it is a symbolic link"));
            }
            Err(source) => return Err(LoadError::Io { path: path.clone(), source }),
        };
        files.push((name.to_owned(), path.to_string_lossy().into_owned(), bytes));
    }
    if files.is_empty() {
        return Err(LoadError::Nothing { path: directory.into() });
    }
    files.sort();
    Ok(files)
}

/// What Incus accepts behind the name of a lab and a dash, and no file name can be confused with.
fn is_short_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('-') && !name.ends_with('-')
}

/// The content, or nothing if this is not a regular file. One byte more than allowed is read, so that the parser says
/// what is wrong with a longer one. A pipe must not block, hence `NONBLOCK`.
fn read_regular(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(yaml::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
