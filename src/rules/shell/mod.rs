//! Shell scripts, and shell inside of other files.
//!
//! A real parser reads them. What is judged are commands as they would run, after quotes, variables, functions and
//! commands that run others; a command of which that cannot be told is a finding itself.

mod accounts;
mod ansi;
mod arithmetic;
mod call;
mod clone;
mod commands;
mod container;
mod download;
mod dynamic;
mod environment;
mod expand;
mod fetch_and_run;
mod filters;
mod firewall;
mod hardening;
mod image;
mod insecure;
mod install;
mod kernel;
mod known;
mod library;
mod network;
mod options;
mod order;
mod parameter;
mod persistence;
mod places;
mod privilege;
mod program;
mod redirect;
mod run;
mod scope;
mod simple;
mod source;
mod ssh;
mod strict;
mod syntax;
mod text;
mod unknown;
mod walk;
mod wrappers;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::{Finding, Rule, file};
use crate::cloud_init::Stage;
use crate::place::{Place, Source};
use crate::yaml::Embedded;
use call::{Call, Found, Input};
use program::{Program, Unreadable};
use scope::Assigned;
use text::Word;
use walk::{Context, Frame, Parameters, Walker};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &fetch_and_run::RULE,
    &download::RULE,
    &insecure::RULE,
    &clone::RULE,
    &image::RULE,
    &install::RULE,
    &privilege::RULE,
    &accounts::RULE,
    &ssh::RULE,
    &hardening::RULE,
    &firewall::RULE,
    &container::RULE,
    &kernel::RULE,
    &persistence::RULE,
    &network::RULE,
    &environment::RULE,
    &writes::RULE,
    &filters::RULE,
    &options::RULE,
    &source::RULE,
    &unknown::RULE,
    &dynamic::RULE,
    &syntax::RULE,
    &strict::RULE,
    &order::RULE,
];

/// How much stack a script may need. It is only a range of addresses until it is used.
const STACK: usize = 512 * 1024 * 1024;

/// What is known of the place that shell stands in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setting {
    /// Whether this is a whole script and not a line of user-data.
    pub(crate) script: bool,
    /// Programs that are judged by themselves.
    pub(crate) programs: BTreeSet<String>,
}

/// What came out of a piece of shell.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    found: Vec<Found>,
    calls: Vec<Call>,
}

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    embedded(&Embedded::file(source), &script(), "")
}

pub(crate) fn script() -> Setting {
    Setting { script: true, programs: BTreeSet::new() }
}

/// Judges shell that stands in another file. `subject` is what findings are about there; nothing takes the command.
pub(crate) fn embedded(text: &Embedded, setting: &Setting, subject: &str) -> Vec<Finding> {
    let judged = run(&Job::Text(text.text.clone()), setting);
    findings(&judged, subject, &|bytes| text.place(bytes))
}

/// One entry of `runcmd`: where its text is, and how it is run.
pub(crate) enum Job {
    /// A text for a shell.
    Text(String),
    /// A program with its arguments.
    Words(Vec<String>),
}

/// Judges what is run in order, such as the entries of `runcmd`: each by itself, then all of them together. Gives the
/// findings of each, and those about the order with the number of the entry.
pub(crate) fn sequence(jobs: &[Job], setting: &Setting, before: &[Stage]) -> Vec<(usize, Unplaced)> {
    let mut all = Vec::new();
    let mut calls = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let judged = run_alone(job, setting);
        all.extend(judged.found.into_iter().map(|found| (at, Unplaced(found))));
        calls.extend(judged.calls.into_iter().map(|call| (at, call)));
    }
    // The commands of all entries, each at a place of its own so that it can be found again.
    let numbered: Vec<Call> =
        calls.iter().enumerate().map(|(number, (_, call))| Call { bytes: number..number, ..call.clone() }).collect();
    for mut found in together(&numbered).into_iter().chain(order::check(&numbered, before)) {
        let Some((at, call)) = calls.get(found.bytes.start) else { continue };
        found.bytes = call.bytes.clone();
        all.push((*at, Unplaced(found)));
    }
    all
}

/// A finding whose place is still to be told.
pub(crate) struct Unplaced(Found);

impl Unplaced {
    pub(crate) fn at(self, subject: &str, place: &dyn Fn(std::ops::Range<usize>) -> Place) -> Finding {
        finding(&self.0, subject, place)
    }
}

/// A file that something else than shell writes: judged by its path as shell's are.
pub(crate) fn written(path: &str, subject: &str, place: &Place) -> Option<Finding> {
    // What is in them is judged, too.
    if writes::is_own(path) {
        return None;
    }
    let found = writes::path(&Word::known(path), subject, &(0..0))?;
    Some(finding(&found, subject, &|_| place.clone()))
}

/// Rules on everything that a script runs.
fn together(calls: &[Call]) -> Vec<Found> {
    let mut found = fetch_and_run::later(calls);
    found.extend(download::check(calls));
    found.extend(clone::check(calls));
    found
}

fn run(job: &Job, setting: &Setting) -> Judged {
    let mut judged = run_alone(job, setting);
    judged.found.extend(together(&judged.calls));
    if setting.script {
        judged.found.extend(order::check(&judged.calls, &[Stage::Packages, Stage::Apparmor, Stage::User]));
    }
    judged
}

fn run_alone(job: &Job, setting: &Setting) -> Judged {
    // The parser calls itself for everything that is nested: on a stack of its own, that cannot end the program.
    let judged = std::thread::scope(|scope| {
        let work = move || follow(job, setting);
        match std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
            Ok(thread) => thread.join().ok(),
            Err(_) => None,
        }
    });
    let mut judged = judged.unwrap_or_else(|| Judged {
        found: vec![syntax::found(0..0, "podclaw's shell parser gave up on this")],
        calls: Vec::new(),
    });
    judged.found.extend(hidden(job));
    judged
}

/// Characters in the text itself that a reader does not see.
fn hidden(job: &Job) -> Vec<Found> {
    let found = |text: &str, bytes: Range<usize>, at: Range<usize>| Found {
        rule: &file::hidden::RULE,
        subject: "text".into(),
        message: file::hidden::message(text, &at),
        bytes,
    };
    match job {
        Job::Text(text) => file::hidden::places(text).into_iter().map(|at| found(text, at.clone(), at)).collect(),
        Job::Words(words) => {
            let each = |word: &String| file::hidden::places(word).into_iter().next().map(|at| found(word, 0..0, at));
            words.iter().filter_map(each).collect()
        }
    }
}

fn follow(job: &Job, setting: &Setting) -> Judged {
    let text = match job {
        Job::Text(text) => text.clone(),
        Job::Words(_) => String::new(),
    };
    let program = match Program::read(&text) {
        Ok(program) => Arc::new(program),
        Err(Unreadable { reason, bytes }) => {
            return Judged { found: vec![syntax::found(bytes, reason)], calls: Vec::new() };
        }
    };
    let (mut scope, library) = library::scope(&program);
    let frame = Frame { function: 0, parameters: Parameters::Unknown, program, anchor: None, depth: 0 };
    let mut judged = Judged::default();
    // Once more as long as shell in a word defined something that what stands before it may use.
    for _ in 0..3 {
        let mut walker = Walker::new(scope, setting);
        match job {
            Job::Text(_) => walker.program(&frame),
            Job::Words(words) => {
                let words: Vec<Word> = words.iter().map(Word::known).collect();
                let context = Context { frame: &frame, bytes: 0..0, input: Input::default(), depth: 0 };
                walker.command(&words, &context);
            }
        }
        if walker.is_spent() {
            walker.found.push(syntax::found(0..0, "there is more to follow here than podclaw follows"));
        }
        let grew = walker.grew;
        judged = Judged { found: walker.found, calls: walker.calls };
        scope = walker.scope;
        if !grew {
            break;
        }
    }
    if setting.script {
        judged.found.extend(strict::check(&judged.calls, library));
        if let Some([(_, Assigned::Array(names))]) = scope.variables.get("names").map(Vec::as_slice) {
            let at = text.find("names=(").unwrap_or_default();
            judged.found.extend(order::runner(names, at..at + "names=(".len()));
        }
    }
    judged
}

/// A program by its name alone, where it is in a directory of the system's.
pub(super) fn program_of(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some(("/usr/bin" | "/bin" | "/usr/sbin" | "/sbin" | "/usr/local/bin" | "/usr/local/sbin", short)) => short,
        _ => name,
    }
}

/// All rules on one command.
fn judge_call(call: &Call, setting: &Setting) -> Vec<Found> {
    let mut found = writes::check(call);
    found.extend(environment::words(call));
    let checks = [
        insecure::check,
        image::check,
        install::check,
        privilege::check,
        accounts::check,
        ssh::check,
        hardening::check,
        firewall::check,
        container::check,
        kernel::check,
        persistence::check,
        network::check,
        filters::check,
        options::check,
    ];
    found.extend(checks.iter().filter_map(|check| check(call)));
    found.extend(unknown::check(call, setting));
    found
}

fn findings(judged: &Judged, subject: &str, place: &dyn Fn(std::ops::Range<usize>) -> Place) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let each = judged
        .found
        .iter()
        .filter(|found| seen.insert((found.rule.id, found.subject.clone(), found.message.clone(), found.bytes.start)));
    each.map(|found| finding(found, subject, place)).collect()
}

fn finding(found: &Found, subject: &str, place: &dyn Fn(std::ops::Range<usize>) -> Place) -> Finding {
    let subject = if subject.is_empty() { found.subject.clone() } else { subject.to_owned() };
    Finding::at(found.rule, subject, place(found.bytes.clone()), found.message.clone())
}

/// Judges the files of a directory `stages`: each of the seven has to be there, and nothing else.
#[must_use]
pub fn stages(files: &[(String, Arc<Source>)]) -> Vec<Finding> {
    let names: BTreeMap<&str, &Arc<Source>> = files.iter().map(|(name, source)| (name.as_str(), source)).collect();
    let Some(first) = names.values().next() else { return Vec::new() };
    let mut found = Vec::new();
    let read = order::directory(names.keys().copied());
    for (name, stage) in names.iter().zip(&read) {
        if stage.is_err() {
            let message = "this is none of the seven stages";
            found.push(Finding::at(&order::RULE, "stages", name.1.place(0..0), message));
        }
    }
    for stage in Stage::ALL {
        if !read.contains(&Ok(stage)) {
            let message = format!("the stage {}.sh is missing here", stage.file_stem());
            found.push(Finding::at(&order::RULE, stage.name(), first.place(0..0), message));
        }
    }
    found
}
