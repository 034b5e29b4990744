//! Sets findings aside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::file::{self, At, Entry, Waivers};
use super::unused;
use crate::place::{Origin, Place};
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
    /// Those of them that are for files, which `lint` judges.
    #[must_use]
    pub fn of_files(mut self) -> Self {
        self.entries.retain(|entry| matches!(entry.at, At::File(_)));
        self
    }

    /// Those of them that are for objects of a daemon, which `audit` judges.
    #[must_use]
    pub fn of_objects(mut self) -> Self {
        self.entries.retain(|entry| matches!(entry.at, At::Object(_)));
        self
    }

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

    /// The waivers for which there was no finding. Those for files count where the file was among those judged, or is none;
    /// those for objects where all objects were judged.
    #[must_use]
    pub fn unused(&self, applied: &Applied, judged: &[String]) -> Vec<Finding> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let judged: BTreeSet<_> = judged.iter().map(|name| file::absolute(Path::new(name))).collect();
        let is_judged = |entry: &Entry| match &entry.at {
            At::File(file) => judged.contains(file) || !file.exists(),
            At::Object(_) => true,
        };
        let all = self.entries.iter().enumerate();
        let unused = all.filter(|(index, entry)| !applied.used.contains(index) && is_judged(entry));
        unused
            .map(|(_, entry)| {
                let message = format!("the rule `{}` finds nothing there", entry.rule);
                Finding::at(&unused::RULE, format!("waivers.{}", entry.rule), entry.place.clone(), message)
            })
            .collect()
    }

    fn find(&self, finding: &Finding, paths: &mut Paths) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry.rule == finding.rule
                && entry.key == finding.subject
                && match (&entry.at, &finding.origin) {
                    // The last part is compared before the system is asked.
                    (At::File(file), Origin::File(Place { source, .. })) => {
                        file.file_name() == Path::new(&source.name).file_name() && file == paths.of(&source.name)
                    }
                    (At::Object(object), Origin::Named(name)) => object == name,
                    _ => false,
                }
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
