//! The profiles that there are: compiled in, or in a directory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Limits, Profile, Stack};
use crate::names::LabName;
use crate::text::excerpt;
use crate::yaml::{self, Problem};

/// The stack of a guest for which no other is asked.
pub const DEFAULT_STACK: [&str; 2] = ["guest", "standard"];

const BUILT_IN: [(&str, &str); 4] = [
    ("guest", include_str!("../../profiles/guest.yaml")),
    ("standard", include_str!("../../profiles/standard.yaml")),
    ("small", include_str!("../../profiles/small.yaml")),
    ("large", include_str!("../../profiles/large.yaml")),
];

/// Profiles that cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or directory that cannot be read.
    #[error("cannot read {path:?}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in the directory that is not a profile.
    #[error("{path:?} does not belong among profiles: {reason}")]
    Stray {
        /// What.
        path: PathBuf,
        /// Why it is none.
        reason: &'static str,
    },
    /// A directory without a single profile.
    #[error("there is no profile in {path:?}")]
    Nothing {
        /// The directory.
        path: PathBuf,
    },
    /// Files that are not profiles, or not in the strict subset of YAML.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
}

impl LoadError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Stray { .. } => Some("keep only profiles in this directory: regular files named like `small.yaml`"),
            Self::Nothing { .. } => Some("name a directory with profiles, or none to use those compiled in"),
            Self::Io { .. } => {
                Some("`data` in the lab file names the directory; leave it out to use what is compiled in")
            }
            Self::Invalid(_) => Some("correct them, or leave out `data` in the lab file to use what is compiled in"),
        }
    }
}

/// A profile that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile {name:?}; there are: {}", .known.join(", "))]
pub struct UnknownProfile {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

/// All profiles that there are, by short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    profiles: BTreeMap<String, Profile>,
}

impl Library {
    /// The profiles that are compiled in.
    ///
    /// # Errors
    /// None unless podclaw was built from broken profiles.
    pub fn built_in() -> Result<Self, LoadError> {
        let files = BUILT_IN.map(|(name, text)| (name.to_owned(), format!("profiles/{name}.yaml"), text.into()));
        Self::from_files(files.into())
    }

    /// The profiles in a directory, which must hold nothing else.
    ///
    /// # Errors
    /// What cannot be read, what is no profile, and everything that is wrong with those that are.
    pub fn from_directory(path: &Path) -> Result<Self, LoadError> {
        Self::from_files(super::directory::read(path)?)
    }

    fn from_files(files: Vec<(String, String, Vec<u8>)>) -> Result<Self, LoadError> {
        let mut profiles = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, path, bytes) in files {
            let profile = yaml::parse(&path, &bytes).and_then(|document| Profile::from_document(&name, &document));
            match profile {
                Ok(profile) => drop(profiles.insert(name, profile)),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(Self { profiles }) } else { Err(LoadError::Invalid(problems)) }
    }

    /// The profiles for a lab: each names the lab's own pool and network, and those of the default stack have the
    /// limits that the lab file sets. Other profiles keep theirs, since who names `large` wants what it says.
    #[must_use]
    pub fn for_lab(&self, lab: &LabName, limits: &Limits) -> Self {
        let adapt = |(name, profile): (&String, &Profile)| {
            let mut profile = profile.clone().for_lab(lab);
            if DEFAULT_STACK.contains(&name.as_str()) {
                profile = profile.with_limits(limits);
            }
            (name.clone(), profile)
        };
        Self { profiles: self.profiles.iter().map(adapt).collect() }
    }

    /// All profiles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    /// One profile.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn get(&self, name: &str) -> Result<&Profile, UnknownProfile> {
        self.profiles
            .get(name)
            .ok_or_else(|| UnknownProfile { name: excerpt(name, 64), known: self.profiles.keys().cloned().collect() })
    }

    /// The named profiles as a stack, in this order.
    ///
    /// # Errors
    /// There is no profile of one of the names.
    pub fn stack<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Stack, UnknownProfile> {
        let profiles = names.into_iter().map(|name| self.get(name).cloned());
        Ok(Stack { profiles: profiles.collect::<Result<_, _>>()? })
    }
}
