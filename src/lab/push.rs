//! Bringing the gateway image into a guest.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio_util::io::InspectReader;

use super::{Error, Lab, Result};
use crate::cloud_init;
use crate::image::{self, GatewayArchive};
use crate::incus::{FileMode, Job, Owner};
use crate::names::GuestName;

const ROOT: Owner = Owner { uid: 0, gid: 0 };

/// Pushes the archive into a guest that does not run yet. What arrives is compared with what is pinned while it passes,
/// so that a file which changed since it was looked at never runs.
pub(super) async fn push(lab: &Lab, guest: &GuestName, archive: &GatewayArchive, job: &Job) -> Result<()> {
    let path = archive.path.display().to_string();
    let file = tokio::fs::File::open(&archive.path)
        .await
        .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
    let hasher = Arc::new(Mutex::new(Sha256::new()));
    let hashing = Arc::clone(&hasher);
    let source = InspectReader::new(file, move |bytes: &[u8]| {
        // A panic elsewhere can't leave a hasher half done.
        hashing.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
    });
    let (directory, _) = cloud_init::GATEWAY_ARCHIVE.rsplit_once('/').unwrap_or_default();
    let guest = guest.as_str();
    lab.client.make_directory(&lab.project, guest, directory, FileMode(0o755), ROOT).await?;
    lab.client
        .push_file(&lab.project, guest, cloud_init::GATEWAY_ARCHIVE, FileMode(0o644), ROOT, archive.size, source, job)
        .await?;
    let hasher = hasher.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let is = image::Sha256::of_all(hasher);
    if is == archive.digest {
        Ok(())
    } else {
        Err(Error::WrongArchive { path, is: is.to_string(), wanted: archive.digest.to_string() })
    }
}
