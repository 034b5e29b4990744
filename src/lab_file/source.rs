//! Where a lab's images come from, as its lab file says.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::digest::{Fingerprint, Sha256};
use crate::reference::Reference;

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
    /// The server's URL, http or https. The daemon checks what it pulls, so http is no danger.
    #[serde(deserialize_with = "server_url")]
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

/// The URL ends up in the lock file and in messages, so it must hold no password.
fn server_url<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let url = String::deserialize(from)?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    if rest.is_empty() || rest.contains('@') || !rest.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(serde::de::Error::custom("an image server is an http or https URL without user name or password"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lab_files_part() {
        let sources = |text: &str| serde_saphyr::from_str::<Sources>(text).map_err(|error| error.to_string());
        assert_eq!(sources("{}"), Ok(Sources::default()));
        let print = "ab".repeat(32);
        let server = |url: &str| {
            format!("base: {{image-server: {{url: '{url}', protocol: simplestreams, fingerprint: {print}}}}}")
        };
        assert!(sources(&server("https://i.test")).is_ok_and(|found| matches!(found.base, BaseSource::ImageServer(_))));
        let reference = format!("r.test/a@sha256:{print}");
        assert!(sources(&format!("gateway: {{registry: {{reference: '{reference}'}}}}")).is_ok());
        assert!(sources("base: {ubuntu: {suite: noble, mirror: 'http://m.test/u', keyring: /k}}").is_ok());
        for (bad, reason) in [
            (server("ftp://i.test"), "http or https"),
            (server("https://me:pw@i.test"), "without user name"),
            (server("https://i.test").replace("abab", "xyxy"), "64 lower-case hex digits"),
            ("base: {debian: {sweet: x}}".into(), "unknown field `sweet`"),
            ("base: {arch: {}}".into(), "unknown variant `arch`"),
            ("bass: {}".into(), "unknown field `bass`"),
            ("gateway: {registry: {reference: 'r.test/a:latest'}}".into(), "it has no digest"),
            ("gateway: {archive: {path: /x}}".into(), "missing field `digest`"),
        ] {
            let error = sources(&bad).expect_err(reason);
            assert!(error.contains(reason) && error.contains("line 1"), "{bad}: {error}");
        }
    }
}
