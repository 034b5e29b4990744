//! Runs the rules on each file.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::collect::File;
use super::stacks::Base;
use super::{Kind, Report, Request};
use crate::place::Source;
use crate::profile::Profile;
use crate::rules::own::{On, OwnRules};
use crate::rules::{self, Finding};
use crate::yaml::{self, Document};

/// Fewer files than this are judged before other threads would have started.
const FEW: usize = 16;

/// Judges all files, side by side.
pub(super) fn all(request: &Request, files: Vec<File>, base: &Base, own: &OwnRules, report: &mut Report) {
    report.findings.extend(super::stages::judge(&files));
    let one = |file: File| one(&file, base, own, request).map_err(|reason| (file.name(), reason));
    let judged: Vec<_> =
        if files.len() < FEW { files.into_iter().map(one).collect() } else { files.into_par_iter().map(one).collect() };
    for outcome in judged {
        match outcome {
            Ok(findings) => {
                report.judged.add("file", 1);
                report.findings.extend(findings);
            }
            Err((name, reason)) => report.fail(name, reason),
        }
    }
}

/// Everything that is found in one file, or why it cannot be judged.
fn one(file: &File, base: &Base, own: &OwnRules, request: &Request) -> Result<Vec<Finding>, String> {
    let name = file.name();
    let Ok(text) = String::from_utf8(file.bytes()?) else { return Err("it is not UTF-8 text".into()) };
    if text.is_empty() {
        return Err("it is empty".into());
    }
    let source = Arc::new(Source { name, text });
    // Whatever else would be said of it says its name.
    if let Some(found) = rules::secrets::in_name(&source) {
        return Ok(vec![found]);
    }
    let Some(kind) = request.kind(&source.name, &source.text) else {
        return Ok(rules::secrets::judge_and_hide(&source, vec![rules::file::unknown(&source)]));
    };
    let mut findings = match kind {
        Kind::Profile => match yaml::parse_source(&source) {
            Ok(document) => profile(&source.name, &document, base, own, request),
            Err(problems) => rules::yaml::findings(problems),
        },
        Kind::CloudConfig => rules::cloud_config::judge(&source),
        Kind::Template => rules::template::judge(&source),
        Kind::Shell => rules::shell::judge(&source),
        Kind::Quadlet => rules::quadlet::judge(&source),
        Kind::Openclaw => rules::openclaw::judge(&source),
        Kind::AppArmor => rules::apparmor::judge(&source),
        Kind::LabFile => rules::lab_file::judge(&source),
        Kind::Packages => rules::packages::judge(&source),
        Kind::Configuration => rules::file::hidden(&source),
        Kind::Waivers | Kind::OwnRules | Kind::Prose => Vec::new(),
    };
    if let Some(on) = on(kind) {
        findings.extend(own.file(on, &source));
    }
    Ok(rules::secrets::judge_and_hide(&source, findings))
}

/// What own rules call a kind of file.
fn on(kind: Kind) -> Option<On> {
    match kind {
        Kind::Profile => Some(On::Profile),
        Kind::CloudConfig => Some(On::CloudConfig),
        Kind::Quadlet => Some(On::Quadlet),
        Kind::Openclaw => Some(On::Openclaw),
        Kind::LabFile => Some(On::LabFile),
        _ => None,
    }
}

fn profile(name: &str, document: &Document, base: &Base, own: &OwnRules, request: &Request) -> Vec<Finding> {
    let short = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match Profile::from_document(short, document) {
        Ok(profile) => base.judge(name, profile, own, request),
        Err(problems) => rules::yaml::findings(problems),
    }
}
