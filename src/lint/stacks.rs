//! What profiles merge into: the stack that was asked for, and every other profile on top of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::collect::File;
use super::{Report, Request};
use crate::names::LabName;
use crate::profile::{DEFAULT_STACK, Layer, Library, Limits, Profile, Stack};
use crate::rules::{self, Finding};
use crate::yaml;

/// The stack that everything is judged on.
#[derive(Debug, Default)]
pub(super) struct Base {
    /// Its profiles in order; none when the profiles that were given are only fragments.
    profiles: Vec<Profile>,
    /// What is wrong with the stack itself, so that it is said once.
    findings: Vec<Finding>,
}

impl Base {
    /// Finds the profiles of the stack, among the files by name, else among those compiled in. Without `--stack` the lab's
    /// own stack is meant, and it only counts where all of it is among the files.
    pub(super) fn find(request: &Request, files: &[File], report: &mut Report) -> Self {
        let wanted = request.stack.as_ref().unwrap_or(&request.lab_stack);
        let by_name = by_name(wanted, files);
        let mut profiles = Vec::new();
        for name in wanted {
            let given = by_name.get(name.as_str()).and_then(|file| read(file, name));
            match given.or_else(|| request.stack.as_ref().and_then(|_| built_in(name))) {
                Some(profile) => profiles.push(adapt(profile, &request.lab, &request.limits)),
                None if by_name.contains_key(name.as_str()) => return Self::default(),
                None if request.stack.is_some() => {
                    report.fail(
                        name.clone(),
                        "there is no profile of this name to merge: neither among the files nor built in",
                    );
                    return Self::default();
                }
                None => return Self::default(),
            }
        }
        let stack = Stack { profiles };
        let findings = rules::profile::stack(&stack, &Layer::default(), &request.lab);
        report.stacks.push(wanted.clone());
        report.findings.extend(findings.iter().cloned());
        Self { profiles: stack.profiles, findings }
    }

    /// Judges one profile: by itself, and what it does on top of the stack unless it is a part of it.
    pub(super) fn judge(&self, profile: Profile, request: &Request) -> Vec<Finding> {
        let profile = adapt(profile, &request.lab, &request.limits);
        let mut findings = rules::profile::alone(&profile, &request.lab);
        if self.profiles.is_empty() {
            findings.extend(rules::profile::open_requirements(&profile, &request.lab));
            return findings;
        }
        if self.profiles.iter().any(|part| part.name == profile.name) {
            return findings;
        }
        let stack = Stack { profiles: self.profiles.iter().cloned().chain([profile]).collect() };
        let merged = rules::profile::stack(&stack, &Layer::default(), &request.lab);
        findings.extend(merged.into_iter().filter(|finding| !self.findings.contains(finding)));
        findings
    }
}

fn by_name<'a>(wanted: &[String], files: &'a [File]) -> BTreeMap<String, &'a File> {
    let mut found = BTreeMap::new();
    for file in files {
        let name = file.name();
        let path = Path::new(&name);
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_yaml);
        if let Some(stem) = stem.filter(|stem| wanted.iter().any(|name| name == stem)) {
            found.entry(stem.to_owned()).or_insert(file);
        }
    }
    found
}

fn read(file: &File, name: &str) -> Option<Profile> {
    // What is wrong with the file is said when it is judged itself.
    let document = yaml::parse(&file.name(), &file.bytes().ok()?).ok()?;
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
