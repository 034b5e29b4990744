//! Where a lab's images come from, as its lab file says.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::digest::{Fingerprint, Sha256};
use super::reference::Reference;

/// The sources of a lab's two images. Every part may be left out of the lab file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sources {
    /// The guest's own system.
    pub base: BaseSource,
    /// The container image of the gateway that runs in the guest.
    pub gateway: GatewaySource,
}

/// Where the base image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BaseSource {
    /// Built here from Debian's packages.
    Debian(Archive),
    /// Built here from Ubuntu's packages.
    Ubuntu(Archive),
    /// Pulled by the Incus daemon from an image server.
    ImageServer(ImageServer),
}

impl Default for BaseSource {
    fn default() -> Self {
        Self::Debian(Archive::default())
    }
}

/// A distribution's package archive; what is left out is found on the host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Archive {
    /// The suite's code name; `trixie` for Debian and `noble` for Ubuntu when left out.
    pub suite: Option<String>,
    /// The mirror's URL; those in the host's own apt sources when left out.
    pub mirror: Option<String>,
    /// The keyring that the suite's signature is checked with; the distribution's own when left out.
    pub keyring: Option<PathBuf>,
}

/// An image on a simplestreams server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageServer {
    /// The server's URL. The daemon accepts `https` only.
    pub url: String,
    /// The image's name there, such as `ubuntu/24.04/cloud`. It is shown to people; the fingerprint decides.
    #[serde(default)]
    pub alias: Option<String>,
    /// The SHA-256 that the daemon checks what it pulls against.
    pub fingerprint: Fingerprint,
    /// How the server is spoken to.
    pub protocol: Protocol,
}

/// The protocols of image servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Static files that list what the server has.
    Simplestreams,
}

/// Where the gateway's container image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum GatewaySource {
    /// Built here from npm packages, on the base image's distribution.
    Npm(Npm),
    /// Pulled by the guest from a container registry.
    Registry(Registry),
    /// An OCI archive that somebody else made.
    Archive(GivenArchive),
}

impl Default for GatewaySource {
    fn default() -> Self {
        Self::Npm(Npm::default())
    }
}

/// npm packages pinned by a lock file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Npm {
    /// A directory with `package.json` and `package-lock.json`; podclaw's own when left out.
    pub directory: Option<PathBuf>,
}

/// An image in a container registry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// `HOST/NAME@sha256:DIGEST`.
    pub reference: Reference,
}

/// An OCI archive on the host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenArchive {
    /// The archive: a tar file in OCI layout, not compressed.
    pub path: PathBuf,
    /// The SHA-256 of the archive's bytes.
    pub digest: Sha256,
}
