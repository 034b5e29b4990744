//! The directory that built images are kept in.
//!
//! An image's file is named after its digest. It gets its name, by one rename, only when it is whole, and the record
//! next to it, which says what it is made of, only after that: an image without a record does not exist.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::error::{Error, Result};
use super::inventory::Kind;
use crate::digest::Sha256;
use crate::incus::Job;
use crate::turn;

/// The room that a build needs at its peak: the unpacked system, its image, and the gateway's packages twice.
const ROOM: u64 = 4 << 30;

/// The cache directory; it need not exist.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// Where an image is, or would be.
    pub(super) fn path(&self, kind: Kind, digest: &Sha256) -> PathBuf {
        self.shelf(kind).join(format!("{}.tar", digest.hex()))
    }

    /// The image and its size, if it is there.
    pub(super) fn get(&self, kind: Kind, digest: &Sha256) -> Option<(PathBuf, u64)> {
        let path = self.path(kind, digest);
        let size = std::fs::metadata(&path).ok()?.len();
        record_of(&path).is_file().then_some((path, size))
    }

    /// All images of a kind, the latest first, with their records. A record that makes no sense is left out: it is from
    /// another version of podclaw.
    pub(super) fn records<T: DeserializeOwned>(&self, kind: Kind) -> Vec<(Sha256, T)> {
        let Ok(entries) = std::fs::read_dir(self.shelf(kind)) else {
            return Vec::new();
        };
        let mut found: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                let digest = format!("sha256:{}", path.file_name()?.to_str()?.strip_suffix(".json")?).parse().ok()?;
                let record = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
                let written = entry.metadata().and_then(|data| data.modified()).ok()?;
                self.get(kind, &digest).map(|_| (written, digest, record))
            })
            .collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.into_iter().map(|(_, digest, record)| (digest, record)).collect()
    }

    /// Removes an image; one that is not there is no error.
    pub(super) fn remove(&self, kind: Kind, digest: &Sha256) -> Result<()> {
        let path = self.path(kind, digest);
        for path in [record_of(&path), path] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::file("remove", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits until nobody else builds, and cleans up after builds that were killed.
    pub(super) async fn hold(&self, job: &Job) -> Result<Held> {
        let logs = self.root.join("log");
        for directory in [self.shelf(Kind::Base), self.shelf(Kind::Gateway), logs, self.workspaces()] {
            std::fs::create_dir_all(&directory).map_err(|error| Error::file("create", &directory, error))?;
        }
        let path = self.root.join("lock");
        let lock = turn::wait(&path, "waiting for another podclaw that builds or bakes with this cache", job).await;
        let lock = lock.map_err(|error| Error::file("lock", &path, error))?.ok_or(Error::Cancelled)?;
        let held = Held { cache: self.clone(), _lock: lock };
        held.clean()?;
        Ok(held)
    }

    fn shelf(&self, kind: Kind) -> PathBuf {
        self.root.join(match kind {
            Kind::Base => "base",
            Kind::Gateway => "gateway",
            // The daemon alone has those.
            Kind::Baked => "baked",
        })
    }

    fn workspaces(&self) -> PathBuf {
        self.root.join("tmp")
    }
}

/// The cache while nobody else builds.
#[derive(Debug)]
pub(super) struct Held {
    cache: Cache,
    _lock: File,
}

impl Held {
    /// A directory to build in, which goes when it is dropped.
    pub(super) fn workspace(&self) -> Result<TempDir> {
        let parent = self.cache.workspaces();
        let failed = |error| Error::file("create", &parent, error);
        let space = rustix::fs::statvfs(&parent).map_err(|error| failed(error.into()))?;
        if space.f_bavail.saturating_mul(space.f_frsize) < ROOM {
            return Err(Error::NoSpace { what: "build an image, which takes 4 GiB for a while,", path: parent });
        }
        tempfile::Builder::new()
            .prefix("build-")
            // apt drops its privileges while it fetches, and must still get at what it fetched.
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(&parent)
            .map_err(failed)
    }

    /// The file for the output of a program.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.cache.root.join("log").join(format!("{name}.log"))
    }

    /// Keeps a file that is whole now, which was made in a workspace.
    pub(super) fn keep<T: Serialize>(&self, kind: Kind, made: &Path, digest: &Sha256, record: &T) -> Result<PathBuf> {
        let path = self.cache.path(kind, digest);
        let failed = |error| Error::file("write", &path, error);
        File::open(made).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(made, &path).map_err(failed)?;
        let mut written = tempfile::Builder::new().tempfile_in(self.cache.workspaces()).map_err(failed)?;
        let text = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
        written.write_all(&text).map_err(failed)?;
        written.as_file().sync_all().map_err(failed)?;
        written.persist(record_of(&path)).map_err(|error| failed(error.error))?;
        Ok(path)
    }

    /// Removes what killed builds left: workspaces, and images that have no record yet.
    fn clean(&self) -> Result<()> {
        let parent = self.cache.workspaces();
        for entry in std::fs::read_dir(&parent).map_err(|error| Error::file("read", &parent, error))?.flatten() {
            let path = entry.path();
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.map_err(|error| Error::file("remove", &path, error))?;
        }
        for kind in [Kind::Base, Kind::Gateway] {
            for entry in std::fs::read_dir(self.cache.shelf(kind)).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|end| end == "tar") && !record_of(&path).exists() {
                    std::fs::remove_file(&path).map_err(|error| Error::file("remove", &path, error))?;
                }
            }
        }
        Ok(())
    }
}

fn record_of(image: &Path) -> PathBuf {
    image.with_extension("json")
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
