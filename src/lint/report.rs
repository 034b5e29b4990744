//! What came out of judging: files by `lint`, the objects of a daemon by `audit`.

use std::cmp::Ordering;

use crate::place::Origin;
use crate::rules::own::OwnRule;
use crate::rules::{Finding, Severity};

pub use crate::rules::waiver::Waived;

/// What came out of judging.
#[derive(Debug, Default)]
pub struct Report {
    /// What was judged.
    pub judged: Judged,
    /// The stacks that were judged as a whole, each by the names of its profiles in order.
    pub stacks: Vec<Vec<String>>,
    /// What was found, by file and place.
    pub findings: Vec<Finding>,
    /// What was found and is waived.
    pub waived: Vec<Waived>,
    /// The own rules that were run.
    pub own_rules: Vec<OwnRule>,
    /// What could not be judged.
    pub failures: Vec<Failure>,
}

/// What was judged, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// So many files, by `lint`.
    Files(usize),
    /// Objects of a daemon, by `audit`: how many of each kind.
    Objects(Vec<(&'static str, usize)>),
}

impl Default for Judged {
    fn default() -> Self {
        Self::Files(0)
    }
}

impl Judged {
    /// How many things of all kinds.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Files(count) => *count,
            Self::Objects(kinds) => kinds.iter().map(|(_, count)| count).sum(),
        }
    }

    /// What one of them is called.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Files(_) => "file",
            Self::Objects(_) => "object",
        }
    }

    /// The command that judged.
    #[must_use]
    pub fn command(&self) -> &'static str {
        match self {
            Self::Files(_) => "podclaw lint",
            Self::Objects(_) => "podclaw audit",
        }
    }

    /// Counts one more of a kind; of files there is one kind only.
    pub fn add(&mut self, kind: &'static str, count: usize) {
        match self {
            Self::Files(files) => *files += count,
            Self::Objects(kinds) => match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, before)) => *before += count,
                None => kinds.push((kind, count)),
            },
        }
    }
}

/// Something that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Report {
    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether there is a finding that keeps podclaw from going on.
    #[must_use]
    pub fn has_findings(&self) -> bool {
        self.findings.iter().any(Finding::counts)
    }

    /// Adds something that could not be judged.
    pub fn fail(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.failures.push(Failure { name: name.into(), reason: reason.into() });
    }

    /// Puts everything into the order of the files or objects, and each finding there once.
    pub fn finish(&mut self) {
        self.findings.sort_by(order);
        self.findings.dedup();
        self.waived.sort_by(|a, b| order(&a.finding, &b.finding));
        self.failures.sort_by(|a, b| a.name.cmp(&b.name));
        self.failures.dedup();
    }
}

fn order(a: &Finding, b: &Finding) -> Ordering {
    fn key(finding: &Finding) -> (&str, usize, usize) {
        match &finding.origin {
            Origin::File(place) => (&place.source.name, place.span.start, place.span.end),
            Origin::Named(name) => (name, 0, 0),
        }
    }
    key(a).cmp(&key(b)).then_with(|| (&a.rule, &a.subject, &a.message).cmp(&(&b.rule, &b.subject, &b.message)))
}
