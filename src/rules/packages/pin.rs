//! Packages that could be others tomorrow.

use std::collections::HashSet;
use std::ops::Range;

use crate::json::{Member, Node, Value};
use crate::reference::Reference;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "package-unpinned",
    severity: Severity::Error,
    summary: "a package whose contents are not fixed by its version and hash",
    why: "A range, a tag or an address can name another package tomorrow. Only a version with a hash in the lock file \
          says which code is put into the image.",
    remedy: "write exact versions, and make the lock file with npm, which writes a sha512 for each package",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "gateway/package.json",
        bad: "{\"dependencies\": {\"openclaw\": \"^2026.9.6\"}}\n",
        good: "{\"dependencies\": {\"openclaw\": \"2026.9.6\"}}\n",
        trial: Trial::Alone,
    }],
};

const LISTS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "overrides"];

/// Judges what a `package.json` asks for. `prefix` comes before the names of findings.
pub(super) fn wanted(package: &Node, prefix: &str, found: &mut Found) {
    for list in LISTS {
        let Some(node) = package.get(list) else { continue };
        let subject = format!("{prefix}{list}");
        if !matches!(node.value, Value::Object(_)) {
            found.add(&RULE, &subject, node.bytes.clone(), "this is not an object of packages");
        }
        for member in node.members() {
            one(member, &subject, found);
        }
    }
    for list in ["workspaces", "resolutions"] {
        if let Some(node) = package.get(list) {
            found.add(&RULE, format!("{prefix}{list}"), node.bytes.clone(), "this takes packages from elsewhere");
        }
    }
}

fn one(member: &Member, list: &str, found: &mut Found) {
    let subject = format!("{list}.{}", excerpt(&member.key, 100));
    let wanted = member.value.as_str().unwrap_or_default();
    if is_exact(wanted) {
        if member.key == "openclaw" {
            super::version::check(wanted, &subject, member.value.bytes.clone(), found);
        }
    } else {
        let message = format!("{} is not an exact version", excerpt(wanted, 80));
        found.add(&RULE, subject, member.value.bytes.clone(), message);
    }
}

/// Judges a `package-lock.json`.
pub(super) fn lock(lock: &Node, found: &mut Found) {
    if lock.get("lockfileVersion").and_then(Node::as_u64) != Some(3) {
        found.add(
            &RULE,
            "lockfileVersion",
            lock.bytes.start..lock.bytes.start + 1,
            "this is not a lock file of version 3",
        );
    }
    if let Some(old) = lock.get("dependencies") {
        found.add(
            &RULE,
            "dependencies",
            old.bytes.clone(),
            "packages of an older layout, which some versions of npm obey",
        );
    }
    let Some(packages) = lock.get("packages").filter(|node| matches!(node.value, Value::Object(_))) else {
        return found.add(&RULE, "packages", lock.bytes.start..lock.bytes.start + 1, "there are no packages");
    };
    let paths: HashSet<&str> = packages.members().iter().map(|member| member.key.as_str()).collect();
    for member in packages.members() {
        if member.key.is_empty() {
            wanted(&member.value, "packages.", found);
        } else {
            locked(member, &paths, found);
        }
    }
}

fn locked(member: &Member, all: &HashSet<&str>, found: &mut Found) {
    let path = member.key.as_str();
    let subject = format!("packages.{}", excerpt(path, 160));
    let mut say = |bytes: &Range<usize>, message: &str| found.add(&RULE, &subject, bytes.clone(), message);
    if !path.starts_with("node_modules/") || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        say(&member.key_bytes, "this package is not below node_modules");
    }
    if member.value.get("link").is_some() {
        say(&member.key_bytes, "this package is a link to another directory");
    }
    let version = member.value.get("version").and_then(Node::as_str);
    if !version.is_some_and(is_exact) {
        say(&member.key_bytes, "this package has no exact version");
    }
    if let Some(resolved) = member.value.get("resolved")
        && !resolved.as_str().is_some_and(|url| url.starts_with("https://"))
    {
        say(&resolved.bytes, "this package comes from elsewhere than a registry");
    }
    // What comes inside of another package is covered by that one's hash.
    let bundled = member.value.get("inBundle").and_then(Node::as_bool) == Some(true)
        && path.rsplit_once("/node_modules/").is_some_and(|(parent, _)| all.contains(parent));
    match member.value.get("integrity") {
        Some(hash) if !hash.as_str().is_some_and(is_sha512) => say(&hash.bytes, "this is not a sha512 hash"),
        None if !bundled => say(&member.key_bytes, "this package has no integrity hash"),
        _ => {}
    }
    let name = member.value.get("name").and_then(Node::as_str);
    let named = name.unwrap_or_else(|| path.rsplit_once("node_modules/").map_or(path, |(_, name)| name));
    if let Some(version) = version.filter(|_| named == "openclaw") {
        let bytes = member.value.get("version").map_or(member.key_bytes.clone(), |node| node.bytes.clone());
        super::version::check(version, &format!("{subject}.version"), bytes, found);
    }
}

/// Judges a `podclaw.lock`.
pub(super) fn podclaw(lock: &Node, found: &mut Found) {
    if lock.get("version").and_then(Node::as_u64) != Some(1) {
        found.add(&RULE, "version", lock.bytes.start..lock.bytes.start + 1, "this is not a lock file of version 1");
    }
    known(lock, "", &["version", "base", "gateway"], found);
    let Some(gateway) = lock.get("gateway") else { return };
    known(gateway, "gateway.", &["npm", "registry", "archive"], found);
    if let Some(npm) = gateway.get("npm") {
        match npm.get("openclaw") {
            Some(node) => {
                let version = node.as_str().unwrap_or_default();
                super::version::check(version, "gateway.npm.openclaw", node.bytes.clone(), found);
            }
            None => found.add(&RULE, "gateway.npm.openclaw", npm.bytes.clone(), "the gateway's version is missing"),
        }
    }
    if let Some(registry) = gateway.get("registry") {
        let reference = registry.get("reference").and_then(Node::as_str).unwrap_or_default();
        if reference.parse::<Reference>().is_err() {
            found.add(
                &RULE,
                "gateway.registry.reference",
                registry.bytes.clone(),
                "the image is not pinned by a digest",
            );
        }
        super::image(reference, "gateway.registry.reference", registry.bytes.clone(), found);
    }
}

fn known(node: &Node, prefix: &str, keys: &[&str], found: &mut Found) {
    for member in node.members().iter().filter(|member| !keys.contains(&member.key.as_str())) {
        let key = excerpt(&member.key, 64);
        found.add(&RULE, format!("{prefix}{key}"), member.key_bytes.clone(), format!("the field {key} is not known"));
    }
}

/// An exact version, as npm writes it: `1.2.3`, with a suffix of plain characters.
fn is_exact(version: &str) -> bool {
    let end = version.find(['-', '+']).unwrap_or(version.len());
    let (base, suffix) = version.split_at(end);
    let is_number = |part: &str| !part.is_empty() && part.len() < 12 && part.bytes().all(|b| b.is_ascii_digit());
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    base.split('.').count() == 3 && base.split('.').all(is_number) && suffix.len() != 1 && suffix.bytes().all(plain)
}

fn is_sha512(hash: &str) -> bool {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    hash.strip_prefix("sha512-")
        .and_then(|hash| hash.strip_suffix("=="))
        .is_some_and(|hash| hash.len() == 86 && hash.bytes().all(base64))
}
