//! `runcmd` and `bootcmd`: what they run, and whether in an order that works.

use super::command;
use super::modules::text;
use crate::cloud_init::Stage;
use crate::rules::Finding;
use crate::rules::shell::{self, Job, Setting};
use crate::yaml::{Document, Embedded, Mapping, Node, Value};

/// Judges a list of commands. `before` are the stages whose work other keys have done by then.
pub(super) fn check(document: &Document, key: &str, node: &Node, setting: &Setting, before: &[Stage]) -> Vec<Finding> {
    let bad = |node: &Node, subject: String, message: &str| {
        Finding::at(&command::RULE, subject, document.place(node.span), message)
    };
    let Value::Sequence(entries) = &node.value else {
        return vec![bad(node, key.into(), "commands have to be a list")];
    };
    let mut found = Vec::new();
    let mut jobs = Vec::new();
    let mut places: Vec<(usize, &Node, Option<Embedded>)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let job = match &entry.value {
            Value::Scalar(_) => text(entry).map(|text| Job::Text(text.to_owned())),
            Value::Sequence(words) => {
                let words: Option<Vec<String>> = words.iter().map(|word| scalar(word).map(str::to_owned)).collect();
                words.filter(|words| !words.is_empty()).map(Job::Words)
            }
            Value::Mapping(_) => None,
        };
        match job {
            Some(job) => {
                places.push((at, entry, Embedded::scalar(document, entry)));
                jobs.push(job);
            }
            None => found.push(bad(entry, format!("{key}[{at}]"), "this is neither a text nor a list of texts")),
        }
    }
    for (number, one) in shell::sequence(&jobs, setting, before) {
        let Some((at, entry, text)) = places.get(number) else { continue };
        found.push(one.at(&format!("{key}[{at}]"), &|bytes| match text {
            Some(text) => text.place(bytes),
            None => document.place(entry.span),
        }));
    }
    found
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// The stages whose work is done before anything is run: `packages` installs what the first stage does.
pub(super) fn done(root: &Mapping) -> Vec<Stage> {
    root.get("packages").map(|_| Stage::Packages).into_iter().collect()
}
