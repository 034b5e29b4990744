//! What profiles merge into: the stack that was asked for, and every other profile on top of it.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::collect::File;
use super::{Kind, Report, Request};
use crate::names::LabName;
use crate::place::{Origin, Span};
use crate::profile::{DEFAULT_STACK, Layer, Library, Limits, Profile, Stack};
use crate::rules::own::OwnRules;
use crate::rules::{self, Finding};
use crate::yaml;

/// The stack that everything is judged on.
#[derive(Debug, Default)]
pub(super) struct Base {
    /// Its profiles in order; none when the profiles that were given are only fragments.
    stack: Stack,
    /// The file of each profile that is from one, by short name.
    files: BTreeMap<String, String>,
    /// What is wrong with the stack itself, so that it is said once.
    known: HashSet<Said>,
}

/// What tells one finding from another, apart from how it is put.
type Said = (String, String, Option<(String, Span)>);

impl Base {
    /// Finds the profiles of the stack, among the files by name, else among those compiled in. Without `--stack` the lab's
    /// own stack is meant, and it only counts where all of it is among the files.
    pub(super) fn find(request: &Request, files: &[File], own: &OwnRules, report: &mut Report) -> Self {
        let wanted = request.stack.as_ref().unwrap_or(&request.lab_stack);
        let by_name = by_name(wanted, files);
        let mut base = Self::default();
        for name in wanted {
            let profile = match by_name.get(name) {
                // What is wrong with the file is said when it is judged itself.
                Some((file, bytes)) => match read(file, bytes, name) {
                    Some(profile) => {
                        base.files.insert(name.clone(), file.clone());
                        profile
                    }
                    None => return Self::default(),
                },
                None if request.stack.is_none() => return Self::default(),
                None => {
                    let Some(profile) = built_in(name) else {
                        let reason = "there is no profile of this name to merge: neither among the files nor built in";
                        report.fail(name.clone(), reason);
                        return Self::default();
                    };
                    profile
                }
            };
            base.stack.profiles.push(adapt(profile, &request.lab, &request.limits));
        }
        let findings = merged(&base.stack, own, request);
        report.stacks.push(wanted.clone());
        base.known = findings.iter().map(said).collect();
        report.findings.extend(findings);
        base
    }

    /// Judges one profile from a file: by itself, and what it does on top of the stack unless it is a part of it.
    pub(super) fn judge(&self, file: &str, profile: Profile, own: &OwnRules, request: &Request) -> Vec<Finding> {
        let profile = adapt(profile, &request.lab, &request.limits);
        let lab = &request.lab;
        if self.stack.profiles.is_empty() {
            let mut findings = rules::profile::alone(&profile, lab);
            findings.extend(rules::profile::open_requirements(&profile));
            return findings;
        }
        let mut findings = match self.stack.profiles.iter().position(|part| part.name == profile.name) {
            Some(_) if self.files.get(&profile.name).is_some_and(|part| part == file) => {
                rules::profile::alone(&profile, lab)
            }
            // Another profile with the name of one of the stack would be used in its place.
            Some(position) => {
                let mut findings = rules::profile::alone(&profile, lab);
                let start = rules::profile::start(&profile);
                let mut instead = self.stack.clone();
                instead.profiles[position] = profile;
                let known: HashSet<_> = findings.iter().map(said).collect();
                let merged = merged(&instead, own, request).into_iter();
                for mut finding in merged.filter(|finding| !known.contains(&said(finding))) {
                    if finding.place().is_none() {
                        finding.origin = start.clone();
                    }
                    findings.push(finding);
                }
                findings
            }
            None => {
                let mut findings = rules::profile::on_top(&self.stack.profiles, &profile, lab);
                if own.judge_stacks() {
                    let mut stack = self.stack.clone();
                    stack.profiles.push(profile);
                    findings.extend(own.stack(&stack.effective(&Layer::default())));
                }
                findings
            }
        };
        if !self.known.is_empty() {
            findings.retain(|finding| !self.known.contains(&said(finding)));
        }
        findings
    }
}

/// What the rules find in a stack, those that are built in and the user's own.
fn merged(stack: &Stack, own: &OwnRules, request: &Request) -> Vec<Finding> {
    let mut findings = rules::profile::stack(stack, &Layer::default(), &request.lab);
    if own.judge_stacks() {
        findings.extend(own.stack(&stack.effective(&Layer::default())));
    }
    findings
}

fn said(finding: &Finding) -> Said {
    let place = match &finding.origin {
        Origin::File(place) => Some((place.source.name.clone(), place.span)),
        Origin::Named(_) => None,
    };
    (finding.rule.to_string(), finding.subject.clone(), place)
}

/// The first profile of each wanted name, with its file and bytes. A file of another kind has no part in a stack.
fn by_name(wanted: &[String], files: &[File]) -> BTreeMap<String, (String, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for file in files {
        let name = file.name();
        let Some(stem) = Path::new(&name).file_stem().and_then(|stem| stem.to_str()) else { continue };
        if !wanted.iter().any(|wanted| wanted == stem) || found.contains_key(stem) {
            continue;
        }
        let Ok(bytes) = file.bytes() else { continue };
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        if Kind::of(&name, text) == Some(Kind::Profile) {
            found.insert(stem.to_owned(), (name, bytes));
        }
    }
    found
}

fn read(file: &str, bytes: &[u8], name: &str) -> Option<Profile> {
    let document = yaml::parse(file, bytes).ok()?;
    Profile::from_document(name, &document).ok()
}

fn built_in(name: &str) -> Option<Profile> {
    Library::built_in().ok()?.get(name).ok().cloned()
}

fn adapt(profile: Profile, lab: &LabName, limits: &Limits) -> Profile {
    let has_limits = DEFAULT_STACK.contains(&profile.name.as_str());
    let profile = profile.for_lab(lab);
    if has_limits { profile.with_limits(limits) } else { profile }
}
