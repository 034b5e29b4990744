//! The lab file.
//!
//! It is read twice: as a strict tree, and by the reader that a launch uses. What only one of them takes is a finding.

mod choices;
mod dns;
mod egress;
mod invalid;
mod totals;

use std::path::Path;
use std::sync::Arc;

use super::found::Found;
use super::{Finding, Rule, yaml as yaml_rules};
use crate::lab_file::{LabFile, LabFileError};
use crate::place::Source;
use crate::yaml::{self, Code};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &invalid::RULE,
    &choices::POOL,
    &choices::LIMITS,
    &choices::PROFILES,
    &choices::SOURCES,
    &dns::PLAIN,
    &dns::IN_LAB,
    &dns::UNUSED,
    &totals::MISFIT,
    &totals::TOTALS,
    &egress::PRIVATE,
    &egress::WIDE,
    &egress::NAME,
    &egress::RESOLVER,
    &egress::MAILING,
    &egress::IDLE,
];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    let mut found = Found::new(source);
    let typed = || LabFile::parse(Path::new(&source.name), &source.text);
    let document = match yaml::parse(&source.name, source.text.as_bytes()) {
        Ok(document) => document,
        // Nothing but comments sets nothing, which is allowed.
        Err(problems) if problems.iter().all(|problem| problem.code == Code::Empty) && typed().is_ok() => {
            return Vec::new();
        }
        Err(problems) => return yaml_rules::findings(problems),
    };
    match typed() {
        Ok(file) => {
            choices::check(&document, &mut found);
            totals::check(&document, &mut found);
            dns::check(&document, &mut found);
            egress::check(&document, &file.network().egress, &mut found);
        }
        Err(LabFileError::Invalid { place, message, .. }) => invalid::add(source, &place, message, &mut found),
        Err(error) => invalid::add(source, "1:1", error.to_string(), &mut found),
    }
    found.finish()
}
