//! Directories of stages: whether all of them are there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::collect::File;
use crate::place::Source;
use crate::rules::{self, Finding};

/// Judges every directory `stages` that was found on disk, as a whole.
pub(super) fn judge(files: &[File]) -> Vec<Finding> {
    let mut directories: BTreeMap<PathBuf, Vec<(String, Arc<Source>)>> = BTreeMap::new();
    for file in files.iter().filter(|file| matches!(file, File::OnDisk { named: false, .. })) {
        let path = file.name();
        let (Some(parent), Some(name)) = (Path::new(&path).parent(), Path::new(&path).file_name()) else { continue };
        if parent.file_name().is_some_and(|directory| directory == "stages") {
            let name = name.to_string_lossy().into_owned();
            // What is in it is judged by itself.
            let source = Arc::new(Source { name: path.clone(), text: String::new() });
            directories.entry(parent.into()).or_default().push((name, source));
        }
    }
    directories.values().flat_map(|files| rules::shell::stages(files)).collect()
}
