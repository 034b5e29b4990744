//! What can go wrong with images.

use std::io;
use std::path::{Path, PathBuf};

use super::lock::Difference;

/// The result of something about images.
pub type Result<T> = std::result::Result<T, Error>;

/// An image that could not be made, found or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program that a build needs is not installed.
    #[error("cannot {what}: the program `{program}` is not installed")]
    MissingProgram {
        /// What it is needed for.
        what: &'static str,
        /// The program.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// Building needs root.
    #[error("cannot build an image: podclaw does not run as root")]
    NotRoot,
    /// A program failed.
    #[error("cannot {what}: {how}\n{tail}")]
    Command {
        /// What it was to do.
        what: &'static str,
        /// How it ended, such as `mmdebstrap ended with exit status: 1`.
        how: String,
        /// The end of its output, escaped.
        tail: String,
        /// All of its output, kept until the next build.
        log: PathBuf,
    },
    /// Somebody cancelled the build.
    #[error("cancelled")]
    Cancelled,
    /// The disk is full.
    #[error("no space left to {what} in {}", path.display())]
    NoSpace {
        /// What was being done.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was to be done with it.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The distribution cannot be had from this host.
    #[error("cannot find the packages of {distribution}: {reason}")]
    Distribution {
        /// `Debian trixie`.
        distribution: String,
        /// Why.
        reason: String,
        /// What to do.
        help: String,
    },
    /// The root file system holds what podclaw's guests cannot unpack.
    #[error("cannot use {name} of the root file system: {reason}")]
    Entry {
        /// The file, escaped.
        name: String,
        /// Why.
        reason: String,
    },
    /// The npm packages are not pinned well enough, or npm did not do as it was told.
    #[error("cannot use {}: {reason}", path.display())]
    Npm {
        /// The file or directory at fault.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What was made of a builder must not be an image.
    #[error("what was made of the builder is not fit for guests: {reason}")]
    Unfit {
        /// What is wrong with it, escaped.
        reason: String,
    },
    /// A given OCI archive is not one.
    #[error("cannot use {} as the gateway image: {reason}", path.display())]
    OciArchive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The lock file makes no sense.
    #[error("cannot use {}: {reason}", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where known.
        reason: String,
    },
    /// What is there, or was built, is not what is pinned.
    #[error("the {image} does not match {}:{}", path.display(), list(differences))]
    Mismatch {
        /// `base image` or `gateway image`.
        image: &'static str,
        /// The lock file.
        path: PathBuf,
        /// What differs; never empty.
        differences: Vec<Difference>,
    },
    /// An image has not been built yet.
    #[error("no {image}{}", detail(reason))]
    NotBuilt {
        /// `base image` or `gateway image`.
        image: &'static str,
        /// What is known about why.
        reason: String,
    },
    /// What was to be deleted is not there, or is not one image.
    #[error("{digest:?} is the beginning of {} of the images", if *found == 0 { "none" } else { "several" })]
    NoSuchImage {
        /// What was asked for.
        digest: String,
        /// How many images it stands for.
        found: usize,
    },
    /// The daemon refused.
    #[error(transparent)]
    Incus(#[from] crate::incus::Error),
    /// A part of podclaw ended without an answer, which is a mistake in podclaw.
    #[error("cannot {what}: the worker ended without an answer")]
    Lost {
        /// What it was to do.
        what: &'static str,
    },
}

impl Error {
    /// What to do next, where podclaw knows.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::MissingProgram { package, .. } => Some(format!("install it with `apt-get install {package}`")),
            Self::NotRoot => Some("run it as root".into()),
            Self::Command { log, .. } => Some(format!("all of its output is in {}", log.display())),
            Self::NoSpace { .. } => Some("make room there, or choose another cache directory".into()),
            Self::Distribution { help, .. } => Some(help.clone()),
            Self::Mismatch { .. } => Some("if the change is wanted, run `podclaw image build --update-lock`".into()),
            Self::NotBuilt { .. } => Some("run `podclaw image build`".into()),
            Self::NoSuchImage { .. } => {
                Some("`podclaw image list` shows the digests; give at least 8 digits of one".into())
            }
            Self::Lock { .. } => Some("put the file back, or remove it and run `podclaw image build`".into()),
            Self::Npm { .. } => {
                Some("put right what `gateway.npm.directory` in the lab file names, or leave that out".into())
            }
            Self::Unfit { .. } => {
                Some("no image of it is left; bake again, and if it is the same, look at the base image".into())
            }
            Self::OciArchive { .. } => {
                Some("name an uncompressed OCI archive of one image in `gateway.archive.path` in the lab file".into())
            }
            Self::Incus(error) => error.help(),
            Self::Cancelled | Self::File { .. } | Self::Entry { .. } | Self::Lost { .. } => None,
        }
    }

    /// An error of the file system, told apart by whether the disk is full.
    pub(super) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull || source.kind() == io::ErrorKind::QuotaExceeded {
            Self::NoSpace { what: "write an image", path: path.into() }
        } else {
            Self::File { action, path: path.into(), source }
        }
    }
}

fn list(differences: &[Difference]) -> String {
    const SHOWN: usize = 10;
    let mut lines: Vec<String> = differences.iter().take(SHOWN).map(ToString::to_string).collect();
    if differences.len() > SHOWN {
        lines.push(format!("and {} more", differences.len() - SHOWN));
    }
    lines.iter().fold(String::new(), |text, line| text + "\n  " + line)
}

fn detail(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}
