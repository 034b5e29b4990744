//! What a check is, and what it can say.

use std::fmt;

use serde::Serialize;

use super::Subject;
use crate::host::Unseen;
use crate::text::excerpt;

/// How many single things a check lists.
const MOST_DETAILS: usize = 20;
/// The longest line of a check, in characters.
const LONGEST: usize = 300;

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The daemon.
    Incus,
    /// The kernel and its settings.
    Kernel,
    /// Where the machine leads, and who may come in.
    Network,
    /// What opens other machines.
    Secrets,
    /// Room, memory, clock.
    Resources,
    /// What the machine is, what else it does, and what is left of earlier labs.
    Machine,
}

impl Group {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Incus, Self::Kernel, Self::Network, Self::Secrets, Self::Resources, Self::Machine];
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incus => "Incus",
            Self::Kernel => "kernel",
            Self::Network => "network",
            Self::Secrets => "secrets",
            Self::Resources => "resources",
            Self::Machine => "machine",
        })
    }
}

/// How it is with what a check looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// The lab holds less well.
    Warn,
    /// It could not be told.
    Unknown,
    /// This machine should not be sacrificed as it is, or can't hold a lab.
    Fail,
}

/// One thing to look at. All texts are plain, without markup but for code between backticks.
#[derive(Debug)]
pub struct Check {
    /// Its name, in lower case with dashes, which stays the same between versions.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// What should be so, as a short statement.
    pub title: &'static str,
    /// Why that matters, in whole sentences.
    pub why: &'static str,
    /// What to do when it is not so: a command where there is one.
    pub remedy: &'static str,
    /// Whether nothing can be said about the machine as long as this could not be told.
    pub essential: bool,
    /// Looks.
    pub(super) judge: fn(&Subject) -> Said,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How it is.
    pub verdict: Verdict,
    /// What was seen, in one line.
    pub seen: String,
    /// The single things that were seen.
    pub details: Vec<String>,
    /// What mends it here, in place of the check's own remedy.
    pub remedy: Option<String>,
}

impl Said {
    fn new(verdict: Verdict, seen: impl AsRef<str>) -> Self {
        Self { verdict, seen: excerpt(seen.as_ref(), LONGEST), details: Vec::new(), remedy: None }
    }

    pub(super) fn ok(seen: impl AsRef<str>) -> Self {
        Self::new(Verdict::Ok, seen)
    }

    pub(super) fn warn(seen: impl AsRef<str>) -> Self {
        Self::new(Verdict::Warn, seen)
    }

    pub(super) fn fail(seen: impl AsRef<str>) -> Self {
        Self::new(Verdict::Fail, seen)
    }

    pub(super) fn unknown(seen: impl AsRef<str>) -> Self {
        Self::new(Verdict::Unknown, seen)
    }

    /// Something could not be seen.
    pub(super) fn unseen(what: &str, why: &Unseen) -> Self {
        Self::unknown(format!("{what}: {why}"))
    }

    /// The same with single things.
    pub(super) fn with<T: ToString>(mut self, details: impl IntoIterator<Item = T>) -> Self {
        let mut details = details.into_iter();
        let shown = details.by_ref().take(MOST_DETAILS).map(|detail| excerpt(&detail.to_string(), LONGEST));
        self.details.extend(shown);
        match details.count() {
            0 => {}
            more => self.details.push(format!("and {more} more")),
        }
        self
    }

    /// The same with another remedy.
    pub(super) fn mend(mut self, remedy: impl AsRef<str>) -> Self {
        self.remedy = Some(excerpt(remedy.as_ref(), LONGEST));
        self
    }
}
