//! Judges files: finds them, tells what each is, runs the rules on them, and on what profiles merge into.
//!
//! What cannot be judged is not passed: a file that cannot be read is a [`Failure`], a file of no known kind a finding.

mod collect;
mod example;
mod fix;
mod judge;
mod policy;
mod report;
mod stacks;
mod stages;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::names::LabName;
use crate::profile::Limits;
use crate::rules;

pub use crate::rules::Kind;
pub use example::example;
pub use fix::{Mend, Mended, Unmended, mend};
pub use report::{Failure, Judged, Report, Waived};

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
    /// The lab file where somebody named one, which may be called anything. Others are known by their name.
    pub lab_file: Option<PathBuf>,
    /// The day that waivers are judged by.
    pub today: jiff::civil::Date,
}

impl Request {
    /// What a file is.
    fn kind(&self, name: &str, text: &str) -> Option<Kind> {
        if self.lab_file.as_deref() == Some(Path::new(name)) { Some(Kind::LabFile) } else { Kind::of(name, text) }
    }
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
    lint_with(request, &BTreeMap::new())
}

/// The same, but where a file is named, this is taken for its text.
fn lint_with(request: &Request, texts: &BTreeMap<String, String>) -> Report {
    let mut report = Report::default();
    let mut files = collect::files(&request.inputs, &mut report);
    for file in &mut files {
        file.take_for(texts);
    }
    let policy = policy::Policy::read(request.policy.as_deref(), request.today, &files, &mut report);
    report.own_rules = policy.own.rules().to_vec();
    let base = stacks::Base::find(request, &files, &policy.own, &mut report);
    // What a profile of the stack says may quote its values.
    rules::secrets::hide(&mut report.findings);
    let names: Vec<_> = if policy.has_waivers() { files.iter().map(collect::File::name).collect() } else { Vec::new() };
    judge::all(request, files, &base, &policy.own, &mut report);
    policy.waive_files(&names, &mut report);
    report.finish();
    report
}

/// Sets aside what the waivers of a directory are for of the objects of a daemon; what is wrong with them is found, too. What
/// could not be judged stays so.
pub fn waive_objects(directory: &Path, today: jiff::civil::Date, is_all: bool, report: &mut Report) {
    let policy = policy::Policy::read(Some(directory), today, &[], report);
    policy.waive_objects(is_all && report.failures.is_empty(), report);
    report.finish();
}
