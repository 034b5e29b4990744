//! Repositories at no certain commit.

use std::collections::HashMap;

use super::call::{Call, Found};
use super::text::Word;
use super::writes;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-unpinned-clone",
    severity: Severity::Error,
    summary: "a repository that is cloned at no certain commit",
    why: "A branch is whatever its owner pushed last, or somebody who took over the account. Each guest then runs something that nobody reviewed.",
    remedy: "clone a release tag with `--branch v1.2.3`, or check out a commit by its full id",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\ngit clone https://example.org/openclaw /opt/openclaw\n",
        good: "#!/bin/bash\nset -euo pipefail\ngit clone --branch v2026.3.24 --depth 1 https://example.org/openclaw /opt/openclaw\n",
        trial: Trial::Alone,
    }],
};

const READING: [&str; 15] = [
    "init",
    "status",
    "log",
    "rev-parse",
    "show",
    "describe",
    "diff",
    "cat-file",
    "verify-commit",
    "verify-tag",
    "version",
    "--version",
    "tag",
    "branch",
    "ls-files",
];

/// What a command of git works on.
struct Git<'a> {
    call: &'a Call,
    /// The directory, where it is known.
    directory: Option<String>,
}

pub(super) fn check(calls: &[Call]) -> Vec<Found> {
    if !calls.iter().any(|call| call.name == "git") {
        return Vec::new();
    }
    // What sets up a guest starts in `/`.
    let mut here = Some("/".to_owned());
    let mut gits = Vec::new();
    for call in calls {
        match call.name.as_str() {
            "cd" | "pushd" => {
                let target = call.plain(&[]).first().and_then(|word| word.one()).filter(|target| *target != "-");
                here = target.and_then(|target| Some(below(here.as_deref()?, target)));
            }
            "popd" => here = None,
            "git" => gits.push(Git { call, directory: directory(call, here.as_deref()) }),
            _ => {}
        }
    }
    // Where a commit is checked out, and the last time that it is.
    let mut pinned: HashMap<&str, usize> = HashMap::new();
    for (at, git) in gits.iter().enumerate() {
        if let (Some(directory), Some(revision)) = (&git.directory, revision(git.call))
            && (is_commit(revision) || is_version(revision))
        {
            pinned.insert(directory, at);
        }
    }
    let is_pinned = |directory: Option<&str>, at: usize| {
        directory.and_then(|directory| pinned.get(directory)).is_some_and(|pinned| *pinned > at)
    };
    let each = |(at, git): (usize, &Git<'_>)| {
        let cloned = cloned(git.call).and_then(|target| Some(below(git.directory.as_deref()?, target)));
        let target = if git.call.has("clone") { cloned } else { git.directory.clone() };
        one(git.call, is_pinned(target.as_deref(), at))
    };
    gits.iter().enumerate().filter_map(each).collect()
}

/// A path as it is seen from a directory.
fn below(here: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{here}/{path}") };
    writes::normal(&joined).trim_end_matches('/').to_owned()
}

fn directory(call: &Call, here: Option<&str>) -> Option<String> {
    let mut directory = below(here?, ".");
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        match word.one()? {
            "-C" => directory = below(&directory, words.next()?.one()?),
            "--git-dir" | "--work-tree" => return None,
            "-c" => {
                words.next();
            }
            option if option.starts_with('-') => {}
            _ => break,
        }
    }
    Some(directory)
}

/// The arguments behind a command of git.
fn operands<'a>(call: &'a Call, command: &str) -> Vec<&'a Word> {
    let start = call.args.iter().position(|word| word.is(command)).map_or(call.args.len(), |at| at + 1);
    let rest = Call { args: call.args[start..].to_vec(), ..call.clone() };
    let count = rest.args.iter().take_while(|word| !word.is("--")).count();
    let mut operands = Vec::new();
    let mut words = call.args[start..].iter().take(count);
    while let Some(word) = words.next() {
        if ["-b", "--branch", "-B", "-c", "-o", "--origin", "--depth"].iter().any(|option| word.is(option)) {
            words.next();
        } else if !word.values.iter().all(|value| value.starts_with('-')) {
            operands.push(word);
        }
    }
    operands
}

/// The directory that a clone makes.
fn cloned(call: &Call) -> Option<&str> {
    let operands = operands(call, "clone");
    if let Some(target) = operands.get(1) {
        return target.one();
    }
    let url = operands.first()?.one()?.trim_end_matches('/');
    let name = url.rsplit(['/', ':']).next()?;
    Some(name.strip_suffix(".git").unwrap_or(name))
}

/// What is checked out, by the first argument.
fn revision(call: &Call) -> Option<&str> {
    let command = ["checkout", "switch", "reset"].into_iter().find(|command| call.has(command))?;
    operands(call, command).first()?.one()
}

fn one(call: &Call, pinned: bool) -> Option<Found> {
    let mut words = call.args.iter();
    let mut command = None;
    while let Some(word) = words.next() {
        match word.one() {
            Some("-C" | "--git-dir" | "--work-tree") => {
                words.next();
            }
            Some("--no-pager" | "-p" | "--bare") => {}
            Some("-c") => {
                let setting = words.next().and_then(|word| word.one()).unwrap_or_default().to_ascii_lowercase();
                if !["advice.", "init.defaultbranch", "safe.directory", "user.", "core.autocrlf"]
                    .iter()
                    .any(|fine| setting.starts_with(fine))
                {
                    return Some(call.found(&RULE, "a setting of `git` can make it run a command"));
                }
            }
            Some(option) if option.starts_with('-') && option != "--version" => {
                return Some(call.found(&RULE, format!("podclaw does not know what `git {option}` does")));
            }
            Some(name) => {
                command = Some(name);
                break;
            }
            None => break,
        }
    }
    if call.args.iter().any(|word| {
        word.any(|value| value.starts_with("ext::") || value.contains("upload-pack") || value.starts_with("--config"))
    }) {
        return Some(call.found(&RULE, "this makes `git` run a command"));
    }
    match command {
        Some("clone") => {
            let branches = call.values_of("--branch", Some('b'));
            if pinned || (!branches.is_empty() && branches.iter().all(|name| is_version(name))) {
                return None;
            }
            let what = branches
                .first()
                .map_or("whatever is newest".to_owned(), |name| format!("the branch `{}`", super::text::shown(name)));
            Some(call.found(&RULE, format!("this clones {what}")))
        }
        Some("fetch") => {
            let operands = operands(call, "fetch");
            let certain = |word: &&Word| word.one().is_some_and(|name| is_commit(name) || is_version(name));
            let all = operands.len() > 1 && operands[1..].iter().all(certain);
            (!pinned && !all).then(|| call.found(&RULE, "this fetches whatever is newest"))
        }
        Some(name @ ("checkout" | "reset")) => {
            let operands = operands(call, name);
            let certain = |name: &str| is_commit(name) || is_version(name) || name == "HEAD";
            let odd = operands.first().filter(|word| !word.values.iter().all(|value| certain(value)))?;
            Some(call.found(&RULE, format!("`{}` is no certain commit", odd.shown())))
        }
        Some(name) if READING.contains(&name) => None,
        Some(name) => {
            let name = super::text::shown(name);
            let message = format!("`git {name}` brings what is newest, or something that podclaw does not know");
            Some(call.found(&RULE, message))
        }
        None => Some(call.found(&RULE, "cannot tell what `git` does")),
    }
}

/// A tag of a release: numbers between points.
fn is_version(name: &str) -> bool {
    let numbers = name
        .trim_start_matches("refs/tags/")
        .trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-' || c == '_');
    numbers.split(['.', '-', '+']).count() >= 2
        && numbers.starts_with(|c: char| c.is_ascii_digit())
        && numbers.contains('.')
        // `1.2.x` is a branch.
        && numbers.split('.').take(3).all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+/".contains(&b))
}

fn is_commit(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
