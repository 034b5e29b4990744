//! A rule of the user's own.

use std::sync::Arc;

use super::condition::Condition;
use crate::place::Place;
use crate::rules::Severity;

/// A rule of the user's own. It can only add findings.
#[derive(Debug, Clone)]
pub struct OwnRule {
    /// Its name, which begins with `own-`.
    pub id: String,
    /// How much its findings matter.
    pub severity: Severity,
    /// What it looks for, as a fragment in one line.
    pub summary: String,
    /// Why that matters.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether a waiver may set a finding aside.
    pub waivable: bool,
    /// What it judges.
    pub on: On,
    /// What a finding says; the summary, unless the rule says otherwise.
    pub message: String,
    /// The file that it comes from.
    pub place: Place,
    /// The examples: one that it finds, and one that it does not.
    pub examples: Examples,
    pub(super) target: Target,
    pub(super) condition: Arc<Condition>,
}

/// Two versions of a file: one that a rule finds, and one that it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examples {
    /// The one that it finds.
    pub bad: String,
    /// The one that it does not.
    pub good: String,
}

/// What a rule is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The file as a whole.
    Whole,
    /// The file as a whole; a finding points at a key of it where that is there.
    At(String),
    /// Each key or element of a part of it.
    Each(String),
}

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Each profile.
    Profile,
    /// What profiles merge into.
    Stack,
    /// User-data.
    CloudConfig,
    /// Quadlet units.
    Quadlet,
    /// The gateway's configuration.
    Openclaw,
    /// The lab file.
    LabFile,
}

impl On {
    /// Its name in a file.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("profile", Self::Profile),
        ("stack", Self::Stack),
        ("cloud-config", Self::CloudConfig),
        ("quadlet", Self::Quadlet),
        ("openclaw", Self::Openclaw),
        ("lab-file", Self::LabFile),
    ];
}
