//! Findings as they are made, no more of them than anybody reads.

use std::ops::Range;
use std::sync::Arc;

use super::{Finding, Rule, Severity};
use crate::place::Source;

/// The most findings of one severity that are kept of one file. The file is refused with one as with a thousand, and
/// each costs the search for its line.
const MOST: usize = 100;

/// The findings of one file.
#[derive(Debug)]
pub(super) struct Found {
    source: Arc<Source>,
    findings: Vec<Finding>,
    /// How many there are of each severity.
    counts: [usize; 3],
}

impl Found {
    /// No findings yet.
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), findings: Vec::new(), counts: [0; 3] }
    }

    /// Adds a finding about some bytes of the file.
    pub(super) fn add(
        &mut self,
        rule: &'static Rule,
        subject: impl Into<String>,
        bytes: Range<usize>,
        message: impl Into<String>,
    ) {
        if self.room(rule.severity) {
            self.findings.push(Finding::at(rule, subject, self.source.place(bytes), message));
        }
    }

    /// The same, with a remedy that fits better than the rule's own.
    pub(super) fn add_with(
        &mut self,
        rule: &'static Rule,
        subject: impl Into<String>,
        bytes: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<std::borrow::Cow<'static, str>>,
    ) {
        if self.room(rule.severity) {
            self.findings.push(Finding::at(rule, subject, self.source.place(bytes), message).remedy(remedy));
        }
    }

    /// All of them.
    pub(super) fn finish(self) -> Vec<Finding> {
        self.findings
    }

    fn room(&mut self, severity: Severity) -> bool {
        let count = &mut self.counts[severity as usize];
        *count += 1;
        *count <= MOST
    }
}
