//! Base image, gateway image, and the lock that pins them.
//!
//! [`build`] makes what is missing, [`find`] says what a launch uses. Both follow `podclaw.lock`: what differs from it is
//! an error until somebody renews it.

mod apt;
mod baked;
mod base;
mod bootstrap;
mod cache;
mod command;
mod daemon;
mod distribution;
mod error;
mod find;
mod gateway;
mod hashing;
mod inventory;
mod lock;
mod make;
mod modules;
mod npm;
mod npm_lock;
mod oci;
mod oci_read;
mod rootfs;
mod sealed;
mod tarball;
mod untar;

use std::path::{Path, PathBuf};

pub use crate::lab_file::{
    Archive, BaseSource, GatewaySource, GivenArchive, ImageServer, Npm, Protocol, Registry, Sources,
};
pub use baked::{
    BAKE_NOTE, BakeKey, BakeNote, BakedImage, Turn, baked, baked_before, baked_of, baked_properties, made_of,
    unfinished, vouch,
};
pub use daemon::Stored;
pub use error::{Error, Result};
pub use inventory::{Kind, Listed, Pinned, Place, Which, delete, list, pinned};
pub use lock::Difference;

use make::Making;
use tokio_util::sync::CancellationToken;

pub use crate::digest::{Fingerprint, InvalidDigest, Sha256};
use crate::incus::{Client, Job};
use crate::names::LabName;
pub use crate::reference::{InvalidReference, Reference};

/// Which images are meant, and where what is known about them is kept.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The lab whose project holds the base image.
    pub lab: &'a LabName,
    /// Where the images come from.
    pub sources: &'a Sources,
    /// The `podclaw.lock` in effect. Where it does not exist yet, the one compiled in is taken instead, and a build
    /// writes it.
    pub lock: &'a Path,
    /// The directory that built images are kept in; made when missing.
    pub cache: &'a Path,
}

/// What a launch needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// The base image in the lab's project.
    pub base: BaseImage,
    /// The gateway image.
    pub gateway: GatewayImage,
}

/// A base image that is in the lab's project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// What instances are made from.
    pub fingerprint: Fingerprint,
    /// What it is, for people: `Debian trixie amd64`.
    pub description: String,
}

/// A gateway image, and how a guest comes by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayImage {
    /// Pushed into the guest as a file.
    Archive(GatewayArchive),
    /// Pulled by the guest.
    Registry(Reference),
}

impl GatewayImage {
    /// What pins it: the digest of the archive, or the whole reference.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Archive(archive) => archive.digest.to_string(),
            Self::Registry(reference) => reference.to_string(),
        }
    }
}

/// An OCI archive on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayArchive {
    /// The file; an uncompressed tar.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// The digest that its bytes must have; whoever streams it must compare, `find` does not read all of it.
    pub digest: Sha256,
    /// The digest of the image's configuration, which is the id that podman gives the image.
    pub image_id: Sha256,
    /// The name that the image has after `podman load`, such as `localhost/podclaw-gateway:2026.9.6`.
    pub name: Option<String>,
}

/// Makes whatever is missing of the lab's images, and returns what a launch needs. What is there already is left alone.
///
/// With `update_lock` everything is made anew, and `podclaw.lock` is written to say what came out.
///
/// # Errors
/// [`Error::Mismatch`] where what was made is not what `podclaw.lock` says; nothing is uploaded then.
pub async fn build(client: &Client, request: Request<'_>, update_lock: bool, job: &Job) -> Result<Images> {
    let lab = Making::new(client, request, update_lock)?;
    Box::pin(lab.build(job)).await
}

/// Makes the base image of Debian in the cache, for whoever brings it to another machine; one that is there is left alone.
/// Beside it lies its record, with the same name and the extension `json`.
///
/// # Errors
/// Why it can't be built.
pub async fn build_base(archive: &Archive, cache: &Path, job: &Job) -> Result<PathBuf> {
    make::base_alone(archive, cache, job).await
}

/// Finds what a launch needs, without making anything; and all else that the lab's project has.
///
/// # Errors
/// [`Error::NotBuilt`] where there is none yet, [`Error::Mismatch`] where the sources or what is there are not what
/// `podclaw.lock` says.
pub async fn find(client: &Client, request: Request<'_>) -> Result<(Images, Stored)> {
    Making::new(client, request, false)?.find().await
}

/// Runs two jobs side by side. When one fails, `cancel`, which both must follow, ends the other, and that is waited for.
async fn together<A, B>(
    cancel: &CancellationToken,
    a: impl Future<Output = Result<A>>,
    b: impl Future<Output = Result<B>>,
) -> Result<(A, B)> {
    let a = async { a.await.inspect_err(|_| cancel.cancel()) };
    let b = async { b.await.inspect_err(|_| cancel.cancel()) };
    match tokio::join!(a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        // The one that was cancelled because of the other is not the cause; so it goes last.
        (Err(Error::Cancelled) | Ok(_), Err(cause)) | (Err(cause), _) => Err(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_cause_is_told_and_the_other_is_ended() {
        let full = || Err::<(), _>(Error::NoSpace { what: "try", path: "/x".into() });
        for first in [true, false] {
            let cancel = CancellationToken::new();
            let fails = async { full() };
            let waits = async {
                cancel.cancelled().await;
                Err::<(), _>(Error::Cancelled)
            };
            let ended =
                if first { together(&cancel, fails, waits).await } else { together(&cancel, waits, fails).await };
            assert!(matches!(ended, Err(Error::NoSpace { .. })), "{first}: {ended:?}");
        }
        let both = together(&CancellationToken::new(), async { Ok(1) }, async { Ok(2) }).await;
        assert!(matches!(both, Ok((1, 2))));
    }

    #[test]
    fn a_build_can_run_as_a_task() {
        fn building<'a>(
            client: &'a Client,
            request: Request<'a>,
            job: &'a Job,
        ) -> impl Future<Output = Result<Images>> + Send {
            build(client, request, false, job)
        }
        // That it compiles is the test.
        let _ = building;
    }
}
