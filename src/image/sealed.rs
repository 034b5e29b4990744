//! Whether what was made of a builder is fit to be an image that guests are made from.
//!
//! The builder has looked at itself, and a gateway has run in it. So its image is read from outside, as the daemon will
//! unpack it, and nothing that the builder said is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use serde::Deserialize;
use tar::EntryType;

use super::tarball::Entry;
use super::untar;
use crate::text;

/// The most entries of an image that are read.
const MOST_ENTRIES: u64 = 3_000_000;
/// The most that is read of a file, in bytes; each of them is a few hundred.
const LARGEST: u64 = 64 << 10;
/// The most files, and the largest, that node may have compiled.
const MOST_COMPILED: u64 = 20_000;
const LARGEST_COMPILED: u64 = 16 << 20;

/// Where the daemon may write in each guest, as the host's root: CVE-2026-23954.
const TARGETS: [&str; 6] = [
    "etc/hostname",
    "etc/hosts",
    "var/lib/cloud/seed/nocloud-net/meta-data",
    "var/lib/cloud/seed/nocloud-net/network-config",
    "var/lib/cloud/seed/nocloud-net/user-data",
    "var/lib/cloud/seed/nocloud-net/vendor-data",
];
const METADATA: &str = "metadata.yaml";
const SETTINGS: &str = "etc/podclaw/settings";
const QUADLET: &str = "etc/containers/systemd/users/1000/openclaw.container";
const CLOUD_INIT_OFF: &str = "etc/cloud/cloud-init.disabled";
const MACHINE_ID: &str = "etc/machine-id";
/// What has to be there.
const NEEDED: [&str; 5] = [METADATA, SETTINGS, QUADLET, CLOUD_INIT_OFF, MACHINE_ID];

const HOME: &str = "home/openclaw/";
const STORE: &str = ".local/share/containers/storage/";
const COMPILED: &str = "var/lib/podclaw/compile-cache/";
/// What is empty in an image.
const EMPTY: [&str; 8] = [
    "tmp/",
    "var/tmp/",
    "var/backups/",
    "var/cache/apt/",
    "var/lib/apt/lists/",
    "var/lib/cloud/",
    "var/lib/dhcp/",
    "var/lib/private/",
];

/// What of `metadata.yaml` matters here: to each target, what is written to it.
#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    templates: Option<BTreeMap<String, Template>>,
}

#[derive(Debug, Deserialize)]
struct Template {
    template: String,
}

/// What was seen of an image so far.
#[derive(Debug, Default)]
struct Seen {
    entries: u64,
    compiled: u64,
    found: BTreeSet<&'static str>,
}

/// Reads an image to its end, or to the first thing in it that must not be there; says what that is.
pub(super) fn look(archive: impl Read) -> Result<(), String> {
    let mut seen = Seen::default();
    let read = untar::each(archive, |entry, contents| seen.judge(&entry, contents).map_err(io::Error::other));
    read.map_err(|error| text::excerpt(&error.to_string(), 300))?;
    match NEEDED.iter().find(|path| !seen.found.contains(**path)) {
        Some(missing) => Err(format!("it has no {missing}")),
        None => Ok(()),
    }
}

impl Seen {
    fn judge(&mut self, entry: &Entry, contents: &mut dyn Read) -> Result<(), String> {
        self.entries += 1;
        demand(self.entries <= MOST_ENTRIES, || "it has more files than any image of podclaw's".into())?;
        let path = String::from_utf8_lossy(&entry.path);
        let path = path.strip_prefix("./").unwrap_or(&path).trim_end_matches('/');
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        demand(path.split('/').all(is_plain), || format!("the path {path} leads elsewhere"))?;
        if path == METADATA {
            self.found.insert(METADATA);
            return metadata(&text_of(entry, path, contents)?);
        }
        match path.split_once('/') {
            None if entry.kind == EntryType::Directory && ["rootfs", "templates"].contains(&path) => Ok(()),
            Some(("templates", name)) => {
                demand(entry.kind.is_file() && !name.contains('/'), || format!("{path} is no template"))
            }
            Some(("rootfs", path)) => self.file(path, entry, contents),
            _ => Err(format!("it has {path}, which is no part of an image")),
        }
    }

    /// Judges a file by its path without a slash in front.
    fn file(&mut self, path: &str, entry: &Entry, contents: &mut dyn Read) -> Result<(), String> {
        demand(!is_left(path, entry), || format!("/{path} is the builder's own"))?;
        let leads =
            |target: &str| target == path || target.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        if TARGETS.iter().any(|target| leads(target)) {
            let wanted = if TARGETS.contains(&path) { EntryType::Regular } else { EntryType::Directory };
            demand(entry.kind == wanted, || format!("the daemon writes to /{path}, and it leads elsewhere"))?;
        }
        if path.starts_with(COMPILED) {
            self.compiled += 1;
            let is_fit = match entry.kind {
                EntryType::Directory => true,
                kind => kind.is_file() && entry.size <= LARGEST_COMPILED,
            };
            let is_roots = (entry.uid, entry.gid, entry.mode & 0o022) == (0, 0, 0);
            demand(is_fit && is_roots, || format!("/{path} is nothing that node compiled, or not root's alone"))?;
            return demand(self.compiled < MOST_COMPILED, || "node has compiled more than the gateway has".into());
        }
        let Some(needed) = NEEDED.into_iter().find(|needed| *needed == path) else { return Ok(()) };
        demand(self.found.insert(needed), || format!("/{path} is there twice"))?;
        let text = text_of(entry, path, contents)?;
        match needed {
            SETTINGS => {
                let boot: Vec<&str> = text.lines().filter(|line| line.starts_with("BOOT=")).collect();
                demand(boot == ["BOOT=baked"], || format!("/{path} does not say that a guest of it is baked"))
            }
            QUADLET => {
                let is_read_only = text.contains(":/var/cache/node:ro,") && !text.contains(":/var/cache/node:rw");
                demand(is_read_only, || "the gateway could write what node has compiled".into())
            }
            MACHINE_ID => demand(text.is_empty(), || format!("/{path} is the builder's own")),
            _ => Ok(()),
        }
    }
}

/// Whether a file is what a builder has of its own, and has to remove.
fn is_left(path: &str, entry: &Entry) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let below = |directory: &str| path.strip_prefix(directory).filter(|rest| !rest.is_empty());
    if EMPTY.iter().any(|directory| below(directory).is_some()) {
        return true;
    }
    if let Some(rest) = below(HOME) {
        return is_left_at_home(rest);
    }
    if let Some(rest) = below("var/lib/systemd/") {
        let kept = ["linger/", "deb-systemd-", "catalog/"];
        return rest == "random-seed"
            || rest.ends_with(".secret")
            || rest.contains('/') && !kept.iter().any(|kept| rest.starts_with(kept));
    }
    let is_history = name == ".lesshst" || name.starts_with('.') && name.ends_with("_history");
    match path {
        "var/lib/dbus/machine-id" => entry.kind != EntryType::Symlink,
        _ if below("root/").is_some() => ![".bashrc", ".profile"].contains(&name) || path != format!("root/{name}"),
        _ if below("etc/ssh/").is_some() => name.contains("_key"),
        _ if below("var/log/").is_some() => entry.kind != EntryType::Directory,
        _ if below("var/lib/podclaw/").is_some() => {
            !path.starts_with(COMPILED) && path != COMPILED.trim_end_matches('/')
        }
        _ => is_history && ["etc/", "home/", "var/"].iter().any(|top| path.starts_with(top)),
    }
}

/// The same for what is in the service user's home: Podman's store stays, without what says of containers.
fn is_left_at_home(rest: &str) -> bool {
    if let Some(stored) = rest.strip_prefix(STORE) {
        let of_containers = ["libpod/", "overlay-containers/"];
        return stored.starts_with("db.sql") || of_containers.iter().any(|of| stored.starts_with(of) && stored != *of);
    }
    let kept = [
        ".local",
        ".local/share",
        ".local/share/containers",
        ".local/share/containers/storage",
        ".config",
        ".config/containers",
        ".config/containers/storage.conf",
    ];
    !kept.contains(&rest)
}

fn metadata(text: &str) -> Result<(), String> {
    let metadata: Metadata =
        serde_saphyr::from_str(text).map_err(|error| format!("{METADATA} makes no sense: {error}"))?;
    for (target, Template { template }) in metadata.templates.unwrap_or_default() {
        let is_known = target.strip_prefix('/').is_some_and(|target| TARGETS.contains(&target));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_plain = template.bytes().all(is_name) && !template.starts_with('.') && !template.is_empty();
        demand(is_known && is_plain, || format!("its template {template} for {target} leads elsewhere"))?;
    }
    Ok(())
}

fn text_of(entry: &Entry, path: &str, contents: &mut dyn Read) -> Result<String, String> {
    demand(entry.kind.is_file() && entry.size <= LARGEST, || format!("{path} is no file, or too large"))?;
    let mut bytes = Vec::new();
    contents.take(LARGEST).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| format!("{path} is no text"))
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[cfg(test)]
#[path = "sealed_tests.rs"]
mod tests;
