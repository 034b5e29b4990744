//! Finds the files, and reads each without trusting it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Input, Report};
use crate::file::{self, Unfit};
use crate::rules;

/// The largest file that is judged, in bytes.
pub(super) const LARGEST: u64 = crate::yaml::MAX_BYTES as u64;
/// How deep directories may be nested.
const DEEPEST: usize = 16;
/// The most files that are judged at once.
const MOST: usize = 1_000_000;

/// Something to read and judge.
#[derive(Debug)]
pub(super) enum File {
    /// It is on disk.
    OnDisk {
        path: PathBuf,
        /// Whether it was named itself, and may then be a link.
        named: bool,
    },
    /// It was read already.
    Read { name: String, bytes: Vec<u8> },
}

impl File {
    /// What findings call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::OnDisk { path, .. } => path.to_string_lossy().into_owned(),
            Self::Read { name, .. } => name.clone(),
        }
    }

    /// Takes another text for it, if there is one of its name.
    pub(super) fn take_for(&mut self, texts: &BTreeMap<String, String>) {
        let name = self.name();
        if let Some(text) = texts.get(&name) {
            *self = Self::Read { name, bytes: text.as_bytes().into() };
        }
    }

    /// Its bytes, or why it cannot be judged.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Read { bytes, .. } if bytes.len() as u64 > LARGEST => Err(Unfit::TooLarge(LARGEST).to_string()),
            Self::Read { bytes, .. } => Ok(bytes.clone()),
            Self::OnDisk { path, named: true } => file::read(path, LARGEST).map_err(|error| error.to_string()),
            Self::OnDisk { path, named: false } => file::read_no_link(path, LARGEST).map_err(|error| error.to_string()),
        }
    }
}

/// Everything that is asked for, by name. What can't be looked at is a failure in the report.
pub(super) fn files(inputs: &[Input], report: &mut Report) -> Vec<File> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::Text { name, bytes } => files.push(File::Read { name: name.clone(), bytes: bytes.clone() }),
            Input::Path(path) if path.is_dir() => {
                let before = files.len();
                let failed = report.failures.len();
                walk(path, 0, &mut files, report);
                if files.len() == before && report.failures.len() == failed {
                    report.fail(path.to_string_lossy(), "there is no file in it to judge");
                }
            }
            Input::Path(path) => files.push(File::OnDisk { path: path.clone(), named: true }),
        }
    }
    files
}

fn walk(directory: &Path, depth: usize, files: &mut Vec<File>, report: &mut Report) {
    let name = directory.to_string_lossy();
    if depth > DEEPEST {
        return report.fail(name, format!("directories are nested deeper than {DEEPEST} levels"));
    }
    let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return report.fail(name, error.to_string()),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, depth + 1, files, report),
            Ok(kind) if kind.is_symlink() => report.findings.push(rules::file::link(&path.to_string_lossy())),
            Ok(_) if files.len() >= MOST => {
                return report.fail(name, format!("there are more than {MOST} files to judge"));
            }
            Ok(_) => files.push(File::OnDisk { path, named: false }),
            Err(error) => report.fail(path.to_string_lossy(), error.to_string()),
        }
    }
}
