//! Packages from nowhere in particular.

use super::call::{Call, Found};
use super::known::in_list;
use super::text::{PARAMETER, is_open, shown};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-unpinned-package",
    severity: Severity::Error,
    summary: "a package without a version, or from another place than the distribution",
    why: "The distribution signs its packages. What comes from a language's registry without an exact version, from a URL, or from a source that is added here, is whatever its owner put there last, and runs its install scripts as root.",
    remedy: "install the distribution's package, `npm ci` with a lock file, or name the exact version",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nnpm install -g openclaw\n",
        good: "#!/bin/bash\nset -euo pipefail\nnpm install -g --ignore-scripts openclaw@2026.3.24\n",
        trial: Trial::Alone,
    }],
};

/// Tools that bring code and pin nothing that podclaw could look at.
pub(super) const NAMES: &str =
    "snap flatpak add-apt-repository apt-key gem cargo go pipx uv conda composer cpan cpanm npx pnpm yarn dnf
yum rpm zypper apk pacman poetry corepack bun bunx deno brew nix nix-env guix debconf-set-selections";

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` brings what podclaw cannot tell")));
    }
    match name {
        "apt" | "apt-get" | "aptitude" => apt(call),
        "dpkg" => (call.short('i', "") || call.long("--install") || call.long("--unpack") || call.long("--force-all"))
            .then(|| call.found(&RULE, "`dpkg` installs a file that no signature covers")),
        "npm" => npm(call),
        "pip" | "pip3" => pip(call),
        _ => None,
    }
}

const APT_VALUED: [&str; 6] = ["-o", "--option", "-c", "--config-file", "-t", "--target-release"];
const APT_OPTIONS: [&str; 15] = [
    "acquire::retries=",
    "acquire::http::timeout=",
    "acquire::https::timeout=",
    "dpkg::lock::timeout=",
    "dpkg::options::=--force-confold",
    "dpkg::options::=--force-confnew",
    "dpkg::options::=--force-confdef",
    "dpkg::options::=--force-confmiss",
    "apt::install-recommends=",
    "apt::install-suggests=",
    "acquire::check-valid-until=true",
    "acquire::languages=",
    "dpkg::use-pty=",
    "quiet=",
    "apt::get::assume-yes=",
];

fn apt(call: &Call) -> Option<Found> {
    for option in [
        "--allow-unauthenticated",
        "--allow-insecure-repositories",
        "--force-yes",
        "--allow-downgrades",
        "--allow-weak-repositories",
        "--config-file",
    ] {
        if call.args.iter().any(|word| word.is(option)) {
            return Some(call.found(
                &RULE,
                format!("`{option}` takes packages that nobody signed, or settings that podclaw does not see"),
            ));
        }
    }
    for option in call.values_of("--option", Some('o')) {
        let lower = option.to_ascii_lowercase();
        let fits = |fine: &str| {
            lower.strip_prefix(fine).is_some_and(|rest| {
                let value = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
                if fine.ends_with('=') { value } else { rest.is_empty() }
            })
        };
        if !APT_OPTIONS.iter().any(|fine| fits(fine)) {
            return Some(call.found(&RULE, format!("podclaw does not know what the setting `{}` does", shown(option))));
        }
    }
    if call.args.iter().any(|word| word.is("-c")) {
        return Some(call.found(&RULE, "this takes settings from a file that podclaw does not see"));
    }
    let plain = call.plain(&APT_VALUED);
    let (verb, packages) = plain.split_first()?;
    if let Some(odd) =
        verb.values.iter().find(|verb| !is_parameter(verb) && !in_list(VERBS, verb) && !in_list(READING, verb))
    {
        return Some(call.found(&RULE, format!("podclaw does not know what `{} {}` does", call.name, shown(odd))));
    }
    if verb.values.iter().all(|verb| in_list(READING, verb)) {
        return None;
    }
    let odd = packages.iter().flat_map(|word| &word.values).find(|name| !is_parameter(name) && !is_package(name));
    odd.map(|value| call.found(&RULE, format!("`{}` is no package of the distribution", shown(value))))
}

/// What changes packages, and is known.
const VERBS: &str =
    "update install reinstall upgrade dist-upgrade full-upgrade safe-upgrade remove purge autoremove autopurge clean
autoclean distclean";
/// What only reads.
const READING: &str = "list show search policy depends rdepends check madison showpkg";

/// Whether it is judged with what its function is called with.
fn is_parameter(value: &str) -> bool {
    value.contains(PARAMETER)
}

/// A package by its name, with a version or an architecture at most. `*`, `?` and `^` stand for many, and a `-` at the end
/// removes what it is behind.
fn is_package(name: &str) -> bool {
    let plain = |text: &str, more: &[u8]| {
        text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || more.contains(&b))
    };
    let (name, version) = name.split_once('=').unwrap_or((name, "0"));
    let (name, architecture) = name.split_once(':').unwrap_or((name, "any"));
    let versioned = !version.is_empty() && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".+~:-".contains(&b));
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && plain(name, b"+-.")
        && !name.ends_with('-')
        && plain(architecture, b"-")
        && !architecture.ends_with('-')
        && versioned
}

fn npm(call: &Call) -> Option<Found> {
    let plain = call.plain(&["--prefix", "-C", "--cache", "--loglevel", "--registry"]);
    let (command, rest) = plain.split_first()?;
    match command.one().unwrap_or_default() {
        "version" if rest.is_empty() => None,
        "ci" | "--version" | "ls" | "list" | "root" | "prefix" => None,
        "config" if rest.first().is_some_and(|verb| verb.is("get") || verb.is("list") || verb.is("ls")) => None,
        "install" | "i" | "add" if !rest.is_empty() => rest
            .iter()
            .flat_map(|word| &word.values)
            .find(|package| !is_pinned(package))
            .map(|package| call.found(&RULE, format!("`{}` has no exact version", shown(package)))),
        _ => Some(call.found(&RULE, "only `npm ci`, and `npm install` of exact versions, are pinned")),
    }
}

/// A package of the registry by its name and whole version. Whatever else npm takes is a path, an address or a repository.
fn is_pinned(package: &str) -> bool {
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let Some((name, version)) = package.rsplit_once('@') else { return false };
    let named = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name),
    };
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let whole = numbers.len() == 3 && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    named && whole && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
}

fn pip(call: &Call) -> Option<Found> {
    let plain = call.plain(&["--target", "-t", "--prefix", "--root", "-c", "--constraint", "--cache-dir"]);
    let (command, rest) = plain.split_first()?;
    if command.one() != Some("install") || call.long("--require-hashes") {
        return (!["install", "list", "show", "freeze", "check", "--version"].iter().any(|known| command.is(known)))
            .then(|| call.found(&RULE, "cannot tell what `pip` brings"));
    }
    let odd = rest
        .iter()
        .flat_map(|word| &word.values)
        .find(|package| !package.split_once("==").is_some_and(|(_, version)| is_exact(version)));
    if let Some(package) = odd {
        return Some(call.found(&RULE, format!("`{}` has no exact version", shown(package))));
    }
    (rest.is_empty()
        || !call.values_of("--requirement", Some('r')).is_empty()
        || ["-e", "--editable", "--index-url", "-i", "--extra-index-url"].iter().any(|option| call.has(option)))
    .then(|| call.found(&RULE, "what `pip` brings stands in another place"))
}

fn is_exact(version: &str) -> bool {
    !is_open(version)
        && version.contains('.')
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
        && version.ends_with(|c: char| c.is_ascii_digit())
}
