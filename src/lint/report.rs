//! What came out.

use std::cmp::Ordering;

use crate::place::Origin;
use crate::rules::own::OwnRule;
use crate::rules::{Finding, Severity};

pub use crate::rules::waiver::Waived;

/// What came out of judging.
#[derive(Debug, Default)]
pub struct Report {
    /// How many files were judged.
    pub files: usize,
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

    pub(super) fn fail(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.failures.push(Failure { name: name.into(), reason: reason.into() });
    }

    /// Puts everything into the order of the files, and each finding there once.
    pub(super) fn finish(&mut self) {
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
