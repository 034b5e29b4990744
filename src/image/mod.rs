//! Base image, gateway image, and the lock that pins them.
//!
//! [`build`] makes what is missing, [`find`] says what a launch uses. Both follow `podclaw.lock`: what differs from it is
//! an error until somebody renews it.

mod apt;
mod base;
mod bootstrap;
mod cache;
mod command;
mod digest;
mod distribution;
mod error;
mod lock;
mod reference;
mod rootfs;
mod source;
mod tarball;
mod untar;

use std::path::{Path, PathBuf};

pub use digest::{Fingerprint, InvalidDigest, Sha256};
pub use error::{Error, Result};
pub use lock::Difference;
pub use reference::{InvalidReference, Reference};
pub use source::{Archive, BaseSource, GatewaySource, GivenArchive, ImageServer, Npm, Protocol, Registry, Sources};

use crate::incus::{Client, Job};
use crate::names::LabName;

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
    let _ = (client, request, update_lock, job);
    Err(Error::NotRoot)
}

/// Finds what a launch needs, without making anything.
///
/// # Errors
/// [`Error::NotBuilt`] where there is none yet, [`Error::Mismatch`] where the sources or what is there are not what
/// `podclaw.lock` says.
pub async fn find(client: &Client, request: Request<'_>) -> Result<Images> {
    let _ = (client, request);
    Err(Error::NotRoot)
}

/// An image that podclaw has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is for.
    pub kind: Kind,
    /// The SHA-256 in hexadecimal: of a base image the fingerprint, of a gateway image that of its archive.
    pub digest: String,
    /// What it is, for people.
    pub description: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where it is.
    pub place: Place,
    /// Whether `podclaw.lock` pins this one, so that the next launch takes it.
    pub locked: bool,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A guest's own system.
    Base,
    /// The gateway in a guest.
    Gateway,
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the lab's project in the daemon.
    Daemon,
    /// In the cache directory.
    Cache(PathBuf),
}

/// Lists the images in the lab's project and in the cache directory.
///
/// # Errors
/// What the daemon or the file system says.
pub async fn list(client: &Client, request: Request<'_>) -> Result<Vec<Listed>> {
    let _ = (client, request);
    Err(Error::NotRoot)
}

/// Deletes the images of which the digest starts with one of `digests` (at least 8 digits), or all of them where it is
/// empty, from the lab's project and from the cache directory; returns what was deleted.
///
/// # Errors
/// [`Error::NoSuchImage`] where a digest names none or several; nothing is deleted then. What the daemon or the file
/// system says; deleting an image that is gone already is no error.
pub async fn delete(client: &Client, request: Request<'_>, digests: &[String], job: &Job) -> Result<Vec<Listed>> {
    let _ = (client, request, digests, job);
    Err(Error::NotRoot)
}
