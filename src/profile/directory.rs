//! Profiles in a directory, read without following anything out of it.

use std::path::Path;

use super::LoadError;
use crate::file::{self, Unfit};
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
        let bytes = file::read_no_link(&path, yaml::MAX_BYTES as u64).map_err(|source| match Unfit::of(&source) {
            Some(Unfit::NotRegular) => stray("it is not a regular file"),
            Some(Unfit::Link) => stray("it is a symbolic link"),
            Some(Unfit::TooLarge(_)) | None => LoadError::Io { path: path.clone(), source },
        })?;
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
