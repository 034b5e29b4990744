//! Where scripts write.

use std::ops::Range;

use super::call::{Call, Found};
use super::places::{ANYWHERE, EXACT, FINE, OWN, QUADLET, QUADLETS, SPECIAL, TRACES};
use super::text::{FETCHED, PARAMETER, UNKNOWN, Word, is_hole, shown};
use super::{persistence, ssh};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-write",
    severity: Severity::Error,
    summary: "a file outside of the places that setting up needs",
    why: "Most of the guest stays as the reviewed image has it. A file in another place can change what the system runs, whom it trusts, or what a later stage does.",
    remedy: "write below /etc/podclaw, /var/lib/podclaw, /run/podclaw or the service user's home",
    threats: &["persistence", "host-path"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\necho hello >/usr/share/hello\n",
        good: "#!/bin/bash\nset -euo pipefail\necho hello >/run/podclaw/hello\n",
        trial: Trial::Alone,
    }],
};

/// Whether a path is certainly one of podclaw's own scripts and units.
pub(super) fn is_own(path: &str) -> bool {
    OWN.iter().any(|own| path.starts_with(own)) && normal(path) == path
}

/// Whether what is not known of a path can lead out of where it begins: by `..`, or by a `/` and that. Digits cannot, nor
/// can a pattern, which stands for names of files.
pub(super) fn is_unsure(path: &str) -> bool {
    path.contains([UNKNOWN, FETCHED])
}

/// Whether a path is certainly where only traces are.
fn is_trace(word: &Word) -> bool {
    let traces = |value: &String| {
        let path = normal(value);
        let certain = path.split(|c| is_hole(c) || matches!(c, '*' | '?' | '[')).next().unwrap_or_default();
        // What comes after a hole could lead out again.
        !path[certain.len()..].contains("..")
            && !is_unsure(value)
            && TRACES.iter().any(|trace| certain.starts_with(trace) || certain == trace.trim_end_matches('/'))
    };
    !word.values.is_empty() && word.values.iter().all(traces)
}

/// A file that something writes.
pub(super) fn path(word: &Word, subject: &str, bytes: &Range<usize>) -> Option<Found> {
    word.values.iter().find_map(|value| judge(value, subject, bytes))
}

fn judge(value: &str, subject: &str, bytes: &Range<usize>) -> Option<Found> {
    let found = |rule, message| Some(Found { rule, subject: subject.into(), bytes: bytes.clone(), message });
    if value.starts_with(PARAMETER) || value.is_empty() {
        return None;
    }
    // What is unknown, or a pattern, can be anything from there on.
    let path = normal(value);
    if let Some((_, rule, why)) = ANYWHERE.iter().find(|(part, ..)| path.contains(part)) {
        return found(rule, format!("`{}` {why}", shown(value)));
    }
    if path.contains("/.ssh") || path.contains("authorized_keys") {
        return found(&ssh::RULE, format!("`{}` opens a way in", shown(value)));
    }
    let certain = path.split(|c| is_hole(c) || matches!(c, '*' | '?' | '[')).next().unwrap_or_default();
    if certain.len() == path.len()
        && EXACT.iter().any(|exact| path == *exact || path.strip_prefix(exact) == Some(".new"))
    {
        return None;
    }
    if !path.starts_with('/') && !path.starts_with('~') && !path.starts_with(is_hole) && !path.starts_with("..") {
        // What sets up a guest starts in `/`.
        let is_deep = path.trim_start_matches("./").trim_end_matches('/').contains('/');
        return if is_deep { judge(&format!("/{path}"), subject, bytes) } else { None };
    }
    if path.starts_with(QUADLETS) && !QUADLET.contains(&path.as_str()) {
        return found(&persistence::RULE, format!("`{}` makes a container run without a login", shown(value)));
    }
    if FINE
        .iter()
        .any(|fine| certain.starts_with(fine) || (certain.len() == path.len() && certain == fine.trim_end_matches('/')))
    {
        return is_unsure(value)
            .then(|| format!("`{}` may lead out of there: what is not known of it can be `..`", shown(value)))
            .and_then(|message| found(&RULE, message));
    }
    if path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/") {
        return None;
    }
    let special = SPECIAL.iter().find(|(start, ..)| {
        certain.starts_with(start) || (certain.len() < path.len() && start.starts_with(certain) && certain.len() > 5)
    });
    if let Some((_, rule, why)) = special {
        return found(rule, format!("`{}` {why}", shown(value)));
    }
    let what = if certain.len() < path.len() && certain.len() < 2 {
        "cannot tell where this writes: "
    } else {
        "this writes to "
    };
    found(&RULE, format!("{what}`{}`", shown(value)))
}

/// Directories of a system's root.
const ROOTS: &str = "bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var";

/// A directory, as the path of something in it. What sets up a guest starts in `/`.
fn below(word: &Word) -> Word {
    let in_root = |value: &str| {
        let first = value.trim_start_matches("./").split('/').next().unwrap_or_default();
        !value.starts_with('/') && super::known::in_list(ROOTS, first)
    };
    let values = word.values.iter().map(|value| match value.as_str() {
        "" => String::new(),
        value if in_root(value) => format!("/{value}/"),
        value => format!("{value}/"),
    });
    Word { values: values.collect(), many: word.many }
}

/// A path without `.`, `..` and doubled slashes.
pub(super) fn normal(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

/// Directories in which a command writes, or from which on others do.
fn directories(call: &Call) -> Vec<Word> {
    match call.name.as_str() {
        // From there on paths without a `/` before them are in that directory.
        "cd" if call.plain(&[]).is_empty() => vec![Word::known("/root/")],
        "cd" | "pushd" => call.plain(&[]).into_iter().filter(|word| !word.is("/")).map(below).collect(),
        "flock" => call
            .plain(&["-w", "-E"])
            .into_iter()
            .take(1)
            .filter(|word| word.any(|v| v.contains('/')))
            .cloned()
            .collect(),
        "npm" | "pip" | "pip3" => {
            let short = if call.name == "npm" { 'C' } else { 't' };
            let options = ["--prefix", "--cache", "--cache-dir"].into_iter();
            let given = options.flat_map(|option| call.values_of(option, None));
            let given = given.chain(call.values_of("--target", Some(short)));
            given.map(|path| Word::known(format!("{path}/"))).collect()
        }
        _ => Vec::new(),
    }
}

/// Files that a command writes by its arguments.
pub(super) fn check(call: &Call) -> Vec<Found> {
    let targets: Vec<Word> = match call.name.as_str() {
        "tee" | "touch" | "truncate" | "mkfifo" | "mkdir" | "rmdir" | "unlink" | "shred" => call
            .plain(&["-m", "--mode", "-s", "--size", "-d", "--date", "-r", "--reference", "-t", "-n"])
            .into_iter()
            .cloned()
            .collect(),
        "rm" => call.plain(&[]).into_iter().cloned().collect(),
        "cp" | "mv" | "ln" | "install" | "link" => {
            let given = call.values_of("--target-directory", Some('t'));
            let plain = call.plain(&[
                "-t",
                "--target-directory",
                "-m",
                "--mode",
                "-o",
                "--owner",
                "-g",
                "--group",
                "-S",
                "--suffix",
            ]);
            let all = call.name == "install" && (call.short('d', "moggtS") || call.long("--directory"));
            match (given.is_empty(), all) {
                (false, _) if call.name == "mv" => {
                    plain.into_iter().cloned().chain(given.into_iter().map(Word::known)).collect()
                }
                (false, _) => given.into_iter().map(Word::known).collect(),
                (true, true) => plain.into_iter().cloned().collect(),
                // What is moved away is changed too; what is copied is not.
                // What a link leads to is written through it.
                (true, false) if matches!(call.name.as_str(), "mv" | "ln") => plain.into_iter().cloned().collect(),
                (true, false) => plain.last().map(|word| (*word).clone()).into_iter().collect(),
            }
        }
        "chmod" | "chown" | "chgrp" => call.plain(&["--from", "--reference"]).into_iter().skip(1).cloned().collect(),
        "dd" => call
            .args
            .iter()
            .flat_map(|word| &word.values)
            .filter_map(|value| value.strip_prefix("of="))
            .map(Word::known)
            .collect(),
        "sed" if call.short('i', "efl") || call.long("--in-place") => {
            let plain = call.plain(&["-e", "--expression", "-f", "--file"]);
            let skipped = usize::from(!call.has("-e") && !call.long("--expression"));
            plain.into_iter().skip(skipped).cloned().collect()
        }
        "sort" | "curl" | "iconv" | "shuf" | "zstd" | "openssl"
            if !call.values_of("--output", Some('o')).is_empty() =>
        {
            call.values_of("--output", Some('o')).into_iter().map(Word::known).collect()
        }
        // Without `-c` the file itself is replaced.
        "gzip" | "gunzip" | "xz" | "unxz" | "bzip2" | "zstd" if !(call.short('c', "T") || call.long("--stdout")) => {
            call.plain(&["-T", "-o"]).into_iter().cloned().collect()
        }
        "split" => call.plain(&["-b", "-l", "-n", "-a", "-C"]).into_iter().skip(1).cloned().collect(),
        "mktemp" => {
            let given = call.values_of("--tmpdir", Some('p')).into_iter().map(|path| Word::known(format!("{path}/")));
            given.chain(call.plain(&["-p", "--suffix"]).into_iter().cloned()).collect()
        }
        "find" if call.has("-delete") => {
            call.args.iter().take_while(|word| !word.any(|value| value.starts_with('-'))).cloned().collect()
        }
        "podman" if call.has("save") => call.values_of("--output", Some('o')).into_iter().map(Word::known).collect(),
        "env" | "sudo" => {
            let (long, short) = if call.name == "env" { ("--chdir", 'C') } else { ("--chdir", 'D') };
            let words = call.args.iter().take_while(|word| word.values.iter().all(|value| value.starts_with('-')));
            let count = words.count() + 1;
            let options = Call { args: call.args.iter().take(count).cloned().collect(), ..call.clone() };
            options.values_of(long, Some(short)).into_iter().map(|path| Word::known(format!("{path}/"))).collect()
        }
        "wget" => call.values_of("--output-document", Some('O')).into_iter().map(Word::known).collect(),
        "git" if call.has("clone") => call
            .plain(&["-b", "--branch", "--depth", "-C", "-c", "-o", "--origin"])
            .get(2)
            .map(|word| (*word).clone())
            .into_iter()
            .collect(),
        // The second file is the one that is written.
        "uniq" => call.plain(&["-f", "-s", "-w"]).into_iter().skip(1).cloned().collect(),
        "xxd" => call.plain(&["-c", "-g", "-l", "-n", "-o", "-R", "-s"]).into_iter().skip(1).cloned().collect(),
        "openssl" => {
            let takes_file = |word: &Word| ["-out", "-keyout", "-writerand"].iter().any(|option| word.is(option));
            call.args.windows(2).filter(|pair| takes_file(&pair[0])).map(|pair| pair[1].clone()).collect()
        }
        _ => directories(call),
    };
    let makes = call.name == "mkdir" && call.values_of("--mode", Some('m')).is_empty();
    // A directory that is there already, above one that may be written, stays as it is.
    let above = |word: &Word| {
        word.values.iter().all(|value| {
            let path = format!("{}/", normal(value).trim_end_matches('/'));
            FINE.iter().any(|fine| fine.starts_with(&path))
        })
    };
    let removes = matches!(call.name.as_str(), "rm" | "rmdir" | "unlink" | "find");
    let fine = |word: &Word| word.is("-") || (makes && above(word)) || (removes && is_trace(word));
    let targets = targets.iter().filter(|word| !fine(word));
    targets.filter_map(|word| path(word, &call.name, &call.bytes)).collect()
}
