//! `podclaw.lock`: what the images were made of. What differs from it is an error until somebody renews it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::digest::{Fingerprint, Sha256};
use crate::file;
use crate::reference::Reference;

/// The lock of podclaw's own sources: the gateway's packages are pinned, and what is built from them is not, because
/// it depends on the day of the mirror. The first build pins that.
const BUILT_IN: &str = include_str!("../../podclaw.lock");

const VERSION: u32 = 1;

/// A lock file is a few kilobytes of package names; what is larger is something else.
const LARGEST: u64 = 4 << 20;

/// A lock file's contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lock {
    /// Always 1: others are refused.
    pub(super) version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<LockedBase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gateway: Option<LockedGateway>,
}

/// A pinned base image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum LockedBase {
    Built(BuiltBase),
    ImageServer { url: String, fingerprint: Fingerprint },
}

/// A base image that podclaw built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuiltBase {
    /// The digest of everything that podclaw itself puts into the recipe.
    pub(super) inputs: Sha256,
    pub(super) system: System,
    /// Of the unified tarball.
    pub(super) fingerprint: Fingerprint,
}

/// Which packages an image has, and where they came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) distribution: String,
    pub(super) suite: String,
    pub(super) architecture: String,
    /// The lines of its apt sources.
    pub(super) sources: Vec<String>,
    /// Name to version.
    pub(super) packages: BTreeMap<String, String>,
}

/// A pinned gateway image.
#[expect(clippy::large_enum_variant, reason = "there is never more than a handful of them")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum LockedGateway {
    Npm(LockedNpm),
    Registry { reference: Reference },
    Archive { digest: Sha256 },
}

/// The npm packages of a gateway image, and the image once it was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockedNpm {
    pub(super) openclaw: String,
    pub(super) node: String,
    /// Of `package-lock.json`'s bytes.
    pub(super) package_lock: Sha256,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) built: Option<BuiltGateway>,
}

/// A gateway image that podclaw built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BuiltGateway {
    /// The digest of everything that podclaw itself puts into the recipe.
    pub(super) inputs: Sha256,
    pub(super) system: System,
    /// Of the whole OCI archive.
    pub(super) archive: Sha256,
    /// Of the image's manifest.
    pub(super) manifest: Sha256,
    /// Of the image's configuration, which podman takes as the image's id.
    pub(super) image_id: Sha256,
}

/// One thing that is not as the lock file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs, such as `package curl`.
    pub what: String,
    /// What the lock file says.
    pub locked: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |text: &str| crate::text::excerpt(text, 160);
        write!(f, "{}: {} -> {}", show(&self.what), show(&self.locked), show(&self.found))
    }
}

impl Lock {
    /// Reads the lock file; the one compiled in where there is none, with whether there is one.
    pub(super) fn read(path: &Path) -> Result<(Self, bool)> {
        let refuse = |reason: String| Error::Lock { path: path.into(), reason };
        let (text, exists) = match file::read_text(path, LARGEST) {
            Ok(text) => (text, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (BUILT_IN.into(), false),
            Err(error) => return Err(Error::file("read", path, error)),
        };
        Ok((Self::parse(&text).map_err(refuse)?, exists))
    }

    fn parse(text: &str) -> std::result::Result<Self, String> {
        // The version comes first: a newer file may well have fields that this podclaw does not know.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if version != VERSION {
            return Err(format!("it has version {version}, and this podclaw knows only version {VERSION}"));
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Writes the lock file; whoever looks sees the old one or the new one, never half of it.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let failed = |error| Error::file("write", path, error);
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        text.push('\n');
        let mut file = tempfile::Builder::new()
            .prefix(".podclaw.lock-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// What an image would be built from now, before it is known what comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) inputs: Sha256,
    pub(super) distribution: &'static str,
    pub(super) suite: String,
    pub(super) architecture: &'static str,
}

impl Wanted {
    /// What differs from what was built. The mirrors are not compared: what they had is in the image.
    pub(super) fn differences(&self, inputs: &Sha256, system: &System) -> Vec<Difference> {
        let mut list = Differences::default();
        list.one("distribution", &system.distribution.as_str(), &self.distribution);
        list.one("suite", &system.suite, &self.suite);
        list.one("architecture", &system.architecture.as_str(), &self.architecture);
        list.one("podclaw's recipe", inputs, &self.inputs);
        list.0
    }
}

impl LockedBase {
    /// What `found` has that this, the pinned one, has not. Empty when they are the same.
    pub(super) fn differences(&self, found: &Self) -> Vec<Difference> {
        let mut list = Differences::default();
        match (self, found) {
            (Self::Built(locked), Self::Built(found)) => {
                list.system(&locked.system, &found.system);
                list.one("podclaw's recipe", &locked.inputs, &found.inputs);
                list.one("fingerprint", &locked.fingerprint, &found.fingerprint);
            }
            (
                Self::ImageServer { url, fingerprint },
                Self::ImageServer { url: found_url, fingerprint: found_fingerprint },
            ) => {
                list.one("image server", url, found_url);
                list.one("fingerprint", fingerprint, found_fingerprint);
            }
            _ => list.0.push(self.another_source(found.source())),
        }
        list.0
    }

    /// The difference to an image that comes from somewhere else.
    pub(super) fn another_source(&self, found: &str) -> Difference {
        Difference { what: "source".into(), locked: self.source().into(), found: found.into() }
    }

    pub(super) fn fingerprint(&self) -> &Fingerprint {
        match self {
            Self::Built(built) => &built.fingerprint,
            Self::ImageServer { fingerprint, .. } => fingerprint,
        }
    }

    fn source(&self) -> &'static str {
        match self {
            Self::Built(_) => "built here",
            Self::ImageServer { .. } => "an image server",
        }
    }
}

impl LockedGateway {
    /// What `found` has that this, the pinned one, has not. What is not pinned yet does not differ.
    pub(super) fn differences(&self, found: &Self) -> Vec<Difference> {
        let mut list = Differences::default();
        match (self, found) {
            (Self::Npm(locked), Self::Npm(found)) => {
                list.one("openclaw", &locked.openclaw, &found.openclaw);
                list.one("node", &locked.node, &found.node);
                list.one("package-lock.json", &locked.package_lock, &found.package_lock);
                if let (Some(locked), Some(found)) = (&locked.built, &found.built) {
                    list.system(&locked.system, &found.system);
                    list.one("podclaw's recipe", &locked.inputs, &found.inputs);
                    list.one("archive", &locked.archive, &found.archive);
                    list.one("manifest", &locked.manifest, &found.manifest);
                    list.one("image id", &locked.image_id, &found.image_id);
                }
            }
            (Self::Registry { reference: locked }, Self::Registry { reference: found }) => {
                list.one("reference", locked, found);
            }
            (Self::Archive { digest: locked }, Self::Archive { digest: found }) => list.one("archive", locked, found),
            _ => list.one("source", &self.source(), &found.source()),
        }
        list.0
    }

    fn source(&self) -> &'static str {
        match self {
            Self::Npm(_) => "npm",
            Self::Registry { .. } => "a registry",
            Self::Archive { .. } => "a given archive",
        }
    }
}

#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn one<T: PartialEq + fmt::Display>(&mut self, what: &str, locked: &T, found: &T) {
        if locked != found {
            let (locked, found) = (locked.to_string(), found.to_string());
            self.0.push(Difference { what: what.into(), locked, found });
        }
    }

    fn system(&mut self, locked: &System, found: &System) {
        self.one("distribution", &locked.distribution, &found.distribution);
        self.one("suite", &locked.suite, &found.suite);
        self.one("architecture", &locked.architecture, &found.architecture);
        self.one("apt sources", &locked.sources.join(", "), &found.sources.join(", "));
        let none = String::from("none");
        for name in locked.packages.keys().chain(found.packages.keys().filter(|n| !locked.packages.contains_key(*n))) {
            let version = |system: &System| system.packages.get(name).unwrap_or(&none).clone();
            self.one(&format!("package {name}"), &version(locked), &version(found));
        }
    }
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, base: None, gateway: None }
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
