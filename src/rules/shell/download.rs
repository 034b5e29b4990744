//! Downloads that nobody checks.

use std::collections::HashMap;

use super::call::{Call, Found};
use super::fetch_and_run::{is_fetch, is_fetcher};
use super::text::{is_hole, shown};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-download",
    severity: Severity::Error,
    summary: "a download whose content nobody checks",
    why: "Two guests that start on different days get different files, and nobody sees it. A digest that stands in the file under review says what is meant.",
    remedy: "compare it with a digest in the same script (`sha256sum --check --strict`), or take a pinned package",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\ncurl -fsSL -o /var/lib/podclaw/model.bin https://example.org/model.bin\n",
        good: "#!/bin/bash\nset -euo pipefail\ncurl -fsSL -o /var/lib/podclaw/model.bin https://example.org/model.bin\necho \"0000000000000000000000000000000000000000000000000000000000000000  /var/lib/podclaw/model.bin\" | sha256sum --check --strict\n",
        trial: Trial::Alone,
    }],
};

/// Programs that compare files with digests that nobody can make another file for, and the digits of a digest.
const SUMS: [(&str, usize); 4] = [("sha256sum", 64), ("sha384sum", 96), ("sha512sum", 128), ("b2sum", 128)];

/// Commands that do nothing to a file that they name.
const HARMLESS: &str = "echo printf test [ ls stat rm du chown chgrp sync";

/// Says it of every download that is not compared with a digest before it is used.
pub(super) fn check(calls: &[Call]) -> Vec<Found> {
    if !calls.iter().any(is_fetcher) {
        return Vec::new();
    }
    let (mut checked, mut used): (Places<'_>, Places<'_>) = (HashMap::new(), HashMap::new());
    for (at, call) in calls.iter().enumerate() {
        for file in compared(call) {
            checked.entry(file).or_default().push(at);
        }
        if !super::known::in_list(HARMLESS, &call.name) && !is_fetcher(call) && !is_sum(call) {
            for value in call.args.iter().flat_map(|word| &word.values) {
                used.entry(plain(value)).or_default().push(at);
            }
        }
    }
    let mut found = Vec::new();
    for (at, call) in calls.iter().enumerate().filter(|(_, call)| is_fetcher(call)) {
        if is_fetch(call) {
            found.extend(one(call, at, &checked, &used));
        }
        if !call.values_of("--config", Some('K')).is_empty() {
            found.push(call.found(&RULE, "`curl` takes its options from elsewhere here: cannot tell what it does"));
        }
        let values = || call.args.iter().flat_map(|word| &word.values);
        if values().any(|value| (value.starts_with('@') && value != "@-") || value.contains("%output")) {
            found.push(
                call.found(&RULE, format!("`{}` sends a file, or writes one, that podclaw does not follow", call.name)),
            );
        }
        if call.is_open() {
            found.push(call.found(&RULE, format!("cannot tell what `{}` gets, and where it puts it", call.name)));
        }
    }
    found
}

/// Where files are named, in order.
type Places<'a> = HashMap<&'a str, Vec<usize>>;

fn one(call: &Call, at: usize, checked: &Places<'_>, used: &Places<'_>) -> Option<Found> {
    let next = |places: &Places<'_>, file: &str| {
        let places = places.get(plain(file))?;
        places.get(places.partition_point(|place| *place <= at)).copied()
    };
    let files = files(call);
    let asked = call.args.iter().filter(|word| word.any(|value| value.contains("://"))).count();
    if files.is_empty() || asked > files.len() {
        return Some(call.found(&RULE, format!("nothing says what `{}` has to bring", call.name)));
    }
    files.iter().find_map(|file| {
        let shown = shown(file);
        match (next(checked, file), next(used, file)) {
            (None, _) => {
                Some(call.found(&RULE, format!("nothing says what `{}` has to bring to `{shown}`", call.name)))
            }
            (Some(checked), Some(used)) if used < checked => {
                Some(call.found(&RULE, format!("`{shown}` is used before it is compared with its digest")))
            }
            _ => None,
        }
    })
}

/// The files that a download makes.
fn files(call: &Call) -> Vec<String> {
    let given = call.values_of("--output", Some('o')).into_iter().filter(|_| call.name != "wget");
    let given = given.chain(call.values_of("--output-document", Some('O')).into_iter().filter(|_| call.name == "wget"));
    let mut files: Vec<String> = given.map(str::to_owned).collect();
    if call.name == "wget" && files.is_empty() {
        let urls = call.args.iter().flat_map(|word| &word.values).filter(|value| value.contains("://"));
        files.extend(urls.filter_map(|url| url.rsplit('/').next()).map(str::to_owned));
    }
    // What goes to standard output is a file's where that is one.
    let standard = |file: &String| matches!(file.as_str(), "-" | "/dev/stdout");
    if files.is_empty() || files.iter().any(standard) {
        files.retain(|file| !standard(file));
        files.extend(call.input.to.iter().filter(|to| !to.starts_with("/dev/")).cloned());
    }
    files
}

/// The files that a command compares with digests that are written in the script, where the script ends if they differ.
fn compared(call: &Call) -> Vec<&str> {
    let Some((_, digits)) = SUMS.iter().find(|(name, _)| call.name == *name) else { return Vec::new() };
    let known = ["-c", "--check", "--strict", "--quiet", "--status", "--warn", "-w", "-", "-cw", "-wc"];
    let plain_options = call.args.iter().all(|word| word.one().is_some_and(|value| known.contains(&value)));
    if call.input.excused || !is_sum(call) || !plain_options {
        return Vec::new();
    }
    let text = match (&call.input.text, &call.input.printed) {
        (Some(texts), _) => match texts.as_slice() {
            [text] => text,
            _ => return Vec::new(),
        },
        (None, Some(printed)) => printed,
        (None, None) => return Vec::new(),
    };
    let file = |line| {
        let (digest, rest): (&str, &str) = str::split_once(line, ' ')?;
        let is_digest = digest.len() == *digits && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let file = rest.strip_prefix([' ', '*'])?;
        (is_digest && !file.contains(is_hole)).then(|| plain(file))
    };
    text.lines().filter_map(file).collect()
}

fn is_sum(call: &Call) -> bool {
    SUMS.iter().any(|(name, _)| call.name == *name) && (call.short('c', "") || call.long("--check"))
}

/// A path without what says only that it is in this directory.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./")
}
