//! What a rule says of itself.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is wrong; it is good to know. It does not change the exit code.
    Note,
    /// The containment holds less well.
    Warning,
    /// The containment does not hold, or cannot be judged.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A rule. All texts are plain, without markup but for code between backticks.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in lower case with dashes, which stays the same between versions.
    pub id: &'static str,
    /// How much its findings matter.
    pub severity: Severity,
    /// What it looks for, as a fragment in one line: `a guest that is privileged`.
    pub summary: &'static str,
    /// Why that matters, in whole sentences.
    pub why: &'static str,
    /// What to do about it, as an instruction.
    pub remedy: &'static str,
    /// The ids of the threats, in `policy/threats.yaml`, that it serves.
    pub threats: &'static [&'static str],
    /// Whether a waiver may set a finding aside.
    pub waivable: bool,
    /// Examples, which are run as tests.
    pub examples: &'static [Example],
}

/// Two versions of one file: one that the rule finds, and one in which nothing is found.
#[derive(Debug)]
pub struct Example {
    /// The file's path below the directory that is judged; it decides the language.
    pub path: &'static str,
    /// The version that has a finding of the rule.
    pub bad: &'static str,
    /// The version that has no finding at all.
    pub good: &'static str,
    /// How it is judged.
    pub trial: Trial,
}

/// How an example is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// As a file alone.
    Alone,
    /// As a profile on top of the built-in default stack.
    OnTop,
}
