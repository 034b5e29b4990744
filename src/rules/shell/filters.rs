//! Filters that can run commands.

use super::call::{Call, Found};
use super::text::{is_open, shown};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-filter",
    severity: Severity::Error,
    summary: "a filter that can run commands",
    why: "awk, sed, tar, sort and split are used to change text, and each of them can also start a shell. Only the simple forms can be judged.",
    remedy: "write it with `grep`, `cut`, or a simple `sed` substitution",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nawk 'BEGIN { system(\"id\") }'\n",
        good: "#!/bin/bash\nset -euo pipefail\nss -Hltn | awk '{print $4}'\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(call: &Call) -> Option<Found> {
    match call.name.as_str() {
        "awk" | "gawk" | "mawk" | "nawk" => awk(call),
        "sed" => sed(call),
        "tar" | "bsdtar" | "unzip" | "cpio" | "7z" | "ar" => Some(archive(call)?),
        "sort" => call.long("--compress-program").then(|| call.found(&RULE, "`sort` runs another program here")),
        "split" => call.long("--filter").then(|| call.found(&RULE, "`split` runs another program here")),
        _ => None,
    }
}

fn awk(call: &Call) -> Option<Found> {
    if ["-f", "--file", "-i", "--include", "-l", "--load", "-E", "--exec", "-e", "--source"]
        .iter()
        .any(|option| call.has(option))
    {
        return Some(call.found(&RULE, "the program of `awk` stands in another place"));
    }
    let plain = call.plain(&["-F", "-v", "--field-separator", "--assign"]);
    let program = plain.first()?;
    let runs = program.values.iter().any(|text| {
        let prints = text.contains("print") && text.contains(['|', '>']);
        is_open(text) || text.contains("system") || text.contains("getline") || text.contains('@') || prints
    });
    runs.then(|| call.found(&RULE, "this `awk` program can run commands or write files"))
}

fn sed(call: &Call) -> Option<Found> {
    if call.has("-f") || call.long("--file") {
        return Some(call.found(&RULE, "the program of `sed` stands in another place"));
    }
    let given = call.values_of("--expression", Some('e'));
    let plain = call.plain(&["-e", "--expression", "-l", "--line-length"]);
    let programs: Vec<&str> = if given.is_empty() {
        plain.first().into_iter().flat_map(|word| word.values.iter().map(String::as_str)).collect()
    } else {
        given
    };
    let odd = programs.iter().find(|program| !program.split([';', '\n']).all(|part| is_simple(part.trim())))?;
    Some(call.found(&RULE, format!("the `sed` program `{}` is more than podclaw can judge", shown(odd))))
}

/// `s/a/b/g`, `/a/d`, `2p` and the like, with nothing that runs or writes.
fn is_simple(part: &str) -> bool {
    if is_open(part) {
        return false;
    }
    let (_, command) = match part.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/').unwrap_or(("", "?")),
        None => ("", part),
    };
    let command = command.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '$' | ' '));
    if matches!(command, "" | "d" | "p" | "q" | "!d" | "=") {
        return true;
    }
    let Some(rest) = command.strip_prefix('s') else { return false };
    let Some(mark) = rest.chars().next().filter(|mark| mark.is_ascii_punctuation() && *mark != '\\') else {
        return false;
    };
    let pieces = count(&rest[1..], mark);
    pieces.len() == 3 && pieces[2].chars().all(|flag| flag.is_ascii_digit() || matches!(flag, 'g' | 'i' | 'I' | 'p'))
}

/// The parts between marks that no backslash precedes.
fn count(text: &str, mark: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == mark && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

fn archive(call: &Call) -> Option<Found> {
    let first = call.args.first().map(super::text::Word::shown).unwrap_or_default();
    let bundled = !first.starts_with("--") && first.contains('x');
    let letters = first.strip_prefix('-').unwrap_or(&first);
    let is_list = first == "--list" || (letters.starts_with('t') && letters.chars().all(|c| "tvzjJf".contains(c)));
    let lists = call.name == "tar" && is_list && !bundled && !call.short('x', "f");
    let runs = [
        "--to-command",
        "--checkpoint-action",
        "--use-compress-program",
        "--info-script",
        "--new-volume-script",
        "--rsh-command",
    ]
    .iter()
    .any(|option| call.long(option))
        || call.short('I', "fCTXg")
        || call.short('F', "fCTXg");
    if runs {
        return Some(call.found(&RULE, format!("`{}` runs another program here", call.name)));
    }
    (!lists).then(|| call.found(&RULE, "what an archive holds, and where it goes, is not judged"))
}
