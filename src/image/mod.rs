//! Base image, gateway image, and the lock that pins them.
//!
//! [`build`] makes what is missing, [`find`] says what a launch uses. Both follow `podclaw.lock`: what differs from it is
//! an error until somebody renews it.

mod digest;
mod reference;
mod source;

use std::path::{Path, PathBuf};

pub use digest::{Fingerprint, InvalidDigest, Sha256};
pub use reference::{InvalidReference, Reference};
pub use source::{
    Archive, BaseSource, GatewaySource, GivenArchive, ImageServer, Npm, Protocol, Registry, Sources,
};

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
