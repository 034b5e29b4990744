//! Repositories at no certain commit.

use super::call::{Call, Found};
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

const READING: [&str; 17] = [
    "init",
    "status",
    "log",
    "rev-parse",
    "checkout",
    "fetch",
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

pub(super) fn check(calls: &[Call]) -> Vec<Found> {
    let pinned = calls.iter().any(|call| {
        call.name == "git"
            && (call.has("checkout") || call.has("reset") || call.has("switch"))
            && call.args.iter().any(|word| word.any(is_commit))
    });
    calls.iter().filter(|call| call.name == "git").filter_map(|call| one(call, pinned)).collect()
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
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+/".contains(&b))
}

fn is_commit(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}
