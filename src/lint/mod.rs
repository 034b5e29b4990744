//! Judges files: finds them, tells what each is, runs the rules on them, and on what profiles merge into.
//!
//! What cannot be judged is not passed: a file that cannot be read is a [`Failure`], a file of no known kind a finding.

mod collect;
mod judge;
mod kind;
mod report;
mod stacks;
mod stages;

use std::path::PathBuf;

use crate::names::LabName;
use crate::profile::Limits;

pub use kind::Kind;
pub use report::{Failure, Report, Waived};

/// What is to be judged, and as what.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to judge.
    pub inputs: Vec<Input>,
    /// The profiles to merge, in order; `None` takes the lab's own stack.
    pub stack: Option<Vec<String>>,
    /// The lab that the profiles are for.
    pub lab: LabName,
    /// The stack of a guest that names none: the lab file's, or the default.
    pub lab_stack: Vec<String>,
    /// The limits of the lab file.
    pub limits: Limits,
    /// A directory with waivers and own rules.
    pub policy: Option<PathBuf>,
    /// The day that waivers are judged by.
    pub today: jiff::civil::Date,
}

/// Something to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a directory with everything below it.
    Path(PathBuf),
    /// A text that was read already, such as standard input, and the name that tells what it is.
    Text {
        /// Its name.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// Judges everything that is asked for.
#[must_use]
pub fn lint(request: &Request) -> Report {
    let mut report = Report::default();
    let files = collect::files(&request.inputs, &mut report);
    let base = stacks::Base::find(request, &files, &mut report);
    judge::all(request, files, &base, &mut report);
    report.finish();
    report
}
