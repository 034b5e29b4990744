//! Whether a machine is fit to be sacrificed: checks that look at it and change nothing.
//!
//! All that is looked at is gathered in a [`Subject`] first; then each [`Check`] judges it. What could not be seen is
//! never taken for being right.

mod check;
mod checks;
mod daemon;
#[cfg(test)]
mod fixture;
mod subject;

use serde::Serialize;

pub use check::{Check, Group, Said, Verdict};
pub use checks::{NO_DAEMON, all};
pub use daemon::{Daemon, ask};
pub use subject::{NoDaemon, Rooms, Subject, Wanted};

/// A check with what it found.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The check's name.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// What should be so.
    pub title: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// The single things that were seen.
    pub details: Vec<String>,
    /// Why it matters; only where it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// What mends it; only where there is something to mend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Whether nothing can be said about the machine as long as this could not be told.
    pub essential: bool,
}

/// What all checks found.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    /// How many there are of each verdict.
    pub counts: Counts,
    /// In the order of the groups.
    pub checks: Vec<Finding>,
}

/// How many checks came to which verdict.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// As it should be.
    pub ok: usize,
    /// The lab holds less well.
    pub warn: usize,
    /// It should not be so.
    pub fail: usize,
    /// It could not be told.
    pub unknown: usize,
}

impl Diagnosis {
    /// Whether something that all depends on could not be told.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.checks.iter().any(|finding| finding.essential && finding.verdict == Verdict::Unknown)
    }
}

/// Lets every check judge.
#[must_use]
pub fn examine(subject: &Subject) -> Diagnosis {
    let checks: Vec<Finding> = all().map(|check| find(check, subject)).collect();
    let count = |verdict| checks.iter().filter(|finding| finding.verdict == verdict).count();
    let counts = Counts {
        ok: count(Verdict::Ok),
        warn: count(Verdict::Warn),
        fail: count(Verdict::Fail),
        unknown: count(Verdict::Unknown),
    };
    Diagnosis { counts, checks }
}

fn find(check: &'static Check, subject: &Subject) -> Finding {
    let Said { verdict, seen, details, remedy } = (check.judge)(subject);
    let is_ok = verdict == Verdict::Ok;
    Finding {
        id: check.id,
        group: check.group,
        title: check.title,
        verdict,
        seen,
        details,
        why: (!is_ok).then_some(check.why),
        remedy: (!is_ok).then(|| remedy.unwrap_or_else(|| check.remedy.to_owned())),
        essential: check.essential,
    }
}

#[cfg(test)]
mod tests;
