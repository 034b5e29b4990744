//! Sets findings aside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::file::{self, Waivers};
use super::unused;
use crate::rules::Finding;

/// A finding that somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// The finding.
    pub finding: Finding,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds.
    pub expires: Date,
}

/// Findings, after waivers.
#[derive(Debug, Default)]
pub struct Applied {
    /// What is left.
    pub findings: Vec<Finding>,
    /// What was set aside.
    pub waived: Vec<Waived>,
    /// The waivers that were for one of the findings, by their place in the list.
    used: BTreeSet<usize>,
}

impl Waivers {
    /// Sets aside each finding that there is a waiver for, and that may be waived.
    #[must_use]
    pub fn apply(&self, findings: Vec<Finding>) -> Applied {
        let mut applied = Applied::default();
        let mut paths = Paths::default();
        for finding in findings {
            let waiver = if finding.waivable { self.find(&finding, &mut paths) } else { None };
            match waiver.and_then(|index| Some((index, self.entries.get(index)?))) {
                Some((index, entry)) => {
                    applied.used.insert(index);
                    let (reason, owner) = (entry.reason.clone(), entry.owner.clone());
                    applied.waived.push(Waived { finding, reason, owner, expires: entry.expires });
                }
                None => applied.findings.push(finding),
            }
        }
        applied
    }

    /// The waivers for which there was no finding, where the file was among those judged, or is none.
    #[must_use]
    pub fn unused(&self, applied: &Applied, judged: &[String]) -> Vec<Finding> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let judged: BTreeSet<_> = judged.iter().map(|name| file::absolute(Path::new(name))).collect();
        let unused = self.entries.iter().enumerate().filter(|(index, entry)| {
            !applied.used.contains(index) && (judged.contains(&entry.file) || !entry.file.exists())
        });
        unused
            .map(|(_, entry)| {
                let message = format!("the rule `{}` finds nothing there", entry.rule);
                Finding::at(&unused::RULE, format!("waivers.{}", entry.rule), entry.place.clone(), message)
            })
            .collect()
    }

    fn find(&self, finding: &Finding, paths: &mut Paths) -> Option<usize> {
        let name = &finding.place()?.source.name;
        self.entries.iter().position(|entry| {
            entry.rule == finding.rule
                && entry.key == finding.subject
                // The last part is compared before the system is asked.
                && entry.file.file_name() == Path::new(name).file_name()
                && entry.file == *paths.of(name)
        })
    }
}

/// Paths that were looked up already.
#[derive(Debug, Default)]
struct Paths(BTreeMap<String, PathBuf>);

impl Paths {
    fn of(&mut self, name: &str) -> &PathBuf {
        self.0.entry(name.to_owned()).or_insert_with(|| file::absolute(Path::new(name)))
    }
}
