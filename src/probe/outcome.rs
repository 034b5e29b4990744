//! What came of a probe.

use serde::{Deserialize, Serialize};

use super::Probe;
use crate::text;

/// What a probe says. Sorted by what weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was tried, and kept off.
    Contained,
    /// It could not be tried, or what came of it is not known. Never to be taken for contained.
    CouldNotTell,
    /// It was tried, and worked.
    NotContained,
}

/// The most that is kept of what was tried and of what came back, in characters.
const LONGEST: usize = 300;

/// What came of one probe in one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The probe.
    #[serde(flatten)]
    pub probe: &'static Probe,
    /// What it says.
    pub verdict: Verdict,
    /// What was tried.
    pub tried: String,
    /// What came back.
    pub came_back: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// How much of what there is was not tried, because there is too much of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_tried: Option<String>,
}

impl Outcome {
    /// An outcome. Both texts may come from a guest: they are escaped and cut here.
    pub fn new(probe: &'static Probe, verdict: Verdict, tried: impl AsRef<str>, came_back: impl AsRef<str>) -> Self {
        Self {
            probe,
            verdict,
            tried: text::excerpt(tried.as_ref(), LONGEST),
            came_back: text::excerpt(came_back.as_ref(), LONGEST),
            millis: 0,
            not_tried: None,
        }
    }

    /// It was kept off.
    pub fn contained(probe: &'static Probe, tried: impl AsRef<str>, came_back: impl AsRef<str>) -> Self {
        Self::new(probe, Verdict::Contained, tried, came_back)
    }

    /// It worked.
    pub fn not_contained(probe: &'static Probe, tried: impl AsRef<str>, came_back: impl AsRef<str>) -> Self {
        Self::new(probe, Verdict::NotContained, tried, came_back)
    }

    /// Nobody knows.
    pub fn could_not_tell(probe: &'static Probe, tried: impl AsRef<str>, came_back: impl AsRef<str>) -> Self {
        Self::new(probe, Verdict::CouldNotTell, tried, came_back)
    }

    /// The same, where not all of it was tried. Nobody is contained by what was not.
    #[must_use]
    pub fn but_not(self, not_tried: &str) -> Self {
        let verdict = self.verdict.max(Verdict::CouldNotTell);
        let came_back = format!("{not_tried}; {}", self.came_back);
        Self {
            not_tried: Some(not_tried.to_owned()),
            ..Self::new(self.probe, verdict, self.tried, came_back).took(self.millis)
        }
    }

    /// The same, with how long it took.
    #[must_use]
    pub fn took(self, millis: u64) -> Self {
        Self { millis, ..self }
    }
}
