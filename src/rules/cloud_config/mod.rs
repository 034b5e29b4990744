//! What user-data may ask of cloud-init.

mod beginning;
mod command;
mod commands;
mod files;
mod login;
mod module;
mod modules;
mod remote;
mod ssh;
mod storage;
mod users;
mod value;
mod write_file;

use std::sync::Arc;

use super::shell::Setting;
use super::{Finding, Rule};
use crate::place::Source;
use crate::yaml::{self, Document};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &beginning::RULE,
    &module::RULE,
    &value::RULE,
    &users::RULE,
    &login::RULE,
    &ssh::RULE,
    &remote::RULE,
    &storage::RULE,
    &write_file::RULE,
    &command::RULE,
];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    if let Some(finding) = beginning::check(source) {
        return vec![finding];
    }
    match yaml::parse(&source.name, source.text.as_bytes()) {
        Ok(document) => self::document(&document),
        Err(problems) => super::yaml::findings(problems),
    }
}

/// Judges user-data that is about to be sent.
#[must_use]
pub fn rendered(text: &str) -> Vec<Finding> {
    judge(&Arc::new(Source { name: "user-data".into(), text: text.into() }))
}

/// Judges a cloud-config by its tree.
#[must_use]
pub fn document(document: &Document) -> Vec<Finding> {
    let root = match document.root_mapping() {
        Ok(root) => root,
        Err(problem) => return super::yaml::findings(vec![problem]),
    };
    let programs = root.get("write_files").map(files::paths).unwrap_or_default();
    let setting = Setting { script: false, programs: programs.clone() };
    let mut found: Vec<Finding> = root.entries.iter().flat_map(|entry| modules::check(document, entry)).collect();
    for entry in &root.entries {
        match entry.key.text.as_str() {
            "write_files" => found.extend(files::check(document, &entry.value, &programs)),
            key @ ("runcmd" | "bootcmd") => {
                found.extend(commands::check(document, key, &entry.value, &setting, &commands::done(root)));
            }
            _ => {}
        }
    }
    found
}
