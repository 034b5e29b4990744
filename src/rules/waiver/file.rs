//! The file.

use std::path::{Component, Path, PathBuf};

use jiff::civil::Date;

use super::judge::{self, Terms};
use crate::place::Place;
use crate::rules::{self, Finding};
use crate::yaml::{self, Code, Document, Node, Problem};

/// No file has more waivers than this.
const MOST: usize = 1000;
const FIELDS: [&str; 7] = ["rule", "file", "object", "key", "reason", "owner", "expires"];

/// The waivers of a file that have no fault.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    /// The waivers.
    pub entries: Vec<Entry>,
}

/// A waiver without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id of the rule.
    pub rule: String,
    /// What it is for.
    pub at: At,
    /// The subject of the finding.
    pub key: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where it stands.
    pub place: Place,
}

/// What a waiver is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// A file, as an absolute path.
    File(PathBuf),
    /// An object of a daemon, as `audit` calls it: `network podclawbr0`.
    Object(String),
}

/// A waiver as it is written. What is missing is empty.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    pub(super) rule: &'a str,
    pub(super) file: &'a str,
    pub(super) object: &'a str,
    pub(super) key: &'a str,
    pub(super) reason: &'a str,
    pub(super) owner: &'a str,
    pub(super) expires: &'a str,
}

impl Waivers {
    /// Reads a file of waivers: those that hold, and what is wrong with it. The files that they name are looked for from
    /// the directory that the waivers are for: the parent of a directory `policy`, else the one that they are in.
    #[must_use]
    pub fn read(name: &str, bytes: &[u8], terms: &Terms) -> (Self, Vec<Finding>) {
        let document = match yaml::parse(name, bytes) {
            Ok(document) => document,
            Err(problems) => return (Self::default(), rules::yaml::findings(problems)),
        };
        match written(&document) {
            Ok(all) => judge::all(&root(name), all, terms),
            Err(problems) => (Self::default(), rules::yaml::findings(problems)),
        }
    }
}

/// All waivers of a document, each with its place.
fn written(document: &Document) -> Result<Vec<(Place, Written<'_>)>, Vec<Problem>> {
    let nodes = document.sequence(&document.root).map_err(|problem| vec![problem])?;
    if nodes.len() > MOST {
        return Err(vec![document.bad_value(&document.root, format!("there are more than {MOST} waivers"))]);
    }
    let mut problems = Vec::new();
    let mut all = Vec::new();
    for node in nodes {
        match one(document, node) {
            Ok(written) => all.push((document.place(node.span), written)),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

fn one<'a>(document: &Document, node: &'a Node) -> Result<Written<'a>, Vec<Problem>> {
    let mapping = document.mapping(node).map_err(|problem| vec![problem])?;
    let mut problems = document.unknown_fields(mapping, &FIELDS);
    let mut text = |field| match mapping.get(field).map(|node| document.string(node)) {
        Some(Ok(text)) => text,
        Some(Err(problem)) => {
            problems.push(problem);
            ""
        }
        None => "",
    };
    let written = Written {
        rule: text("rule"),
        file: text("file"),
        object: text("object"),
        key: text("key"),
        reason: text("reason"),
        owner: text("owner"),
        expires: text("expires"),
    };
    if written.rule.is_empty() && problems.is_empty() {
        problems.push(Problem::new(Code::MissingField, document.place(node.span), "the field `rule` is missing"));
    }
    if problems.is_empty() { Ok(written) } else { Err(problems) }
}

fn root(name: &str) -> PathBuf {
    let directory = Path::new(name).parent().unwrap_or(Path::new(""));
    let directory = absolute(directory);
    if directory.file_name().is_some_and(|name| name == "policy") {
        directory.parent().map(Path::to_owned).unwrap_or(directory)
    } else {
        directory
    }
}

/// The one path of a file, however it is named; of a file that is not on disk, how it would be.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let named = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::fs::canonicalize(named).or_else(|_| std::path::absolute(named)).unwrap_or_else(|_| named.to_owned())
}

/// Whether a path stays below where it starts from, and is the only one for its file: no `..`, no `.`, no root.
pub(super) fn is_plain(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    parts.all(|part| matches!(part, Component::Normal(_)))
        && !path.split('/').any(|part| matches!(part, "" | "." | ".."))
        && !path.contains('\\')
}
