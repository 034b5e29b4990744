//! The gateway's image as an OCI archive: its settings, and its root as a directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::harness::Daemon;

/// An archive with one image, whose layers are not compressed, as podclaw writes it.
#[derive(Debug)]
pub(crate) struct Archive {
    path: PathBuf,
    manifest: Value,
}

impl Archive {
    /// Reads what is in it.
    ///
    /// # Panics
    /// When it is none.
    pub(crate) fn open(path: &Path) -> Self {
        let index = json(path, "index.json");
        let manifest = json(path, &blob(&index["manifests"][0]["digest"]));
        Self { path: path.to_owned(), manifest }
    }

    /// How a container of it runs.
    pub(crate) fn config(&self) -> Value {
        json(&self.path, &blob(&self.manifest["config"]["digest"]))["config"].clone()
    }

    /// Unpacks the layers, one over the other. They have nothing to be taken away. A program does it, which is ended if
    /// the run is.
    pub(crate) fn unpack(&self, daemon: &Daemon, root: &Path) {
        const UNPACK: &str = "tar -xOf \"$1\" \"$2\" | tar -xp --numeric-owner -C \"$3\"";
        fs::create_dir_all(root).expect("a directory can be made");
        for layer in self.manifest["layers"].as_array().expect("it has layers") {
            let program = daemon.program("bash").args(&["-o", "pipefail", "-c", UNPACK, "unpack"]).arg(&self.path);
            program.arg(blob(&layer["digest"])).arg(root).timeout(Duration::from_mins(10)).run().ok();
        }
    }
}

fn blob(digest: &Value) -> String {
    let digest = digest.as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    format!("blobs/sha256/{}", digest.expect("it has a digest"))
}

fn json(archive: &Path, name: &str) -> Value {
    let mut archive = tar::Archive::new(File::open(archive).expect("the archive can be opened"));
    let mut entries = archive.entries_with_seek().expect("it can be read").map(|entry| entry.expect("it is whole"));
    let entry = entries.find(|entry| entry.path().is_ok_and(|path| path.as_ref() == Path::new(name)));
    serde_json::from_reader(entry.unwrap_or_else(|| panic!("the archive has no {name}"))).expect("it is JSON")
}
