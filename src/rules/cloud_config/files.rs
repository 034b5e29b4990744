//! `write_files`: where each goes, who may change it, and what is in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::modules::{bool_of, text};
use super::write_file;
use crate::cloud_init;
use crate::place::{Origin, Source};
use crate::rules::{self, Finding, Kind, shell};
use crate::text::excerpt;
use crate::yaml::{Document, Embedded, Mapping, Node, Value};

const KEYS: [&str; 6] = ["path", "owner", "permissions", "content", "encoding", "defer"];

/// The paths that are written, as far as they can be read.
pub(super) fn paths(node: &Node) -> BTreeSet<String> {
    let Value::Sequence(files) = &node.value else { return BTreeSet::new() };
    let path = |file: &Node| match &file.value {
        Value::Mapping(mapping) => mapping.get("path").and_then(text).map(str::to_owned),
        _ => None,
    };
    files.iter().filter_map(path).collect()
}

pub(super) fn check(document: &Document, node: &Node, programs: &BTreeSet<String>) -> Vec<Finding> {
    let bad = |node: &Node, subject: &str, message: String| {
        Finding::at(&write_file::RULE, subject, document.place(node.span), message)
    };
    let Value::Sequence(files) = &node.value else {
        return vec![bad(node, "write_files", "`write_files` may only be a list".into())];
    };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, file) in files.iter().enumerate() {
        let Value::Mapping(mapping) = &file.value else {
            found.push(bad(
                file,
                &format!("write_files[{at}]"),
                "a file is a mapping with `path` and `content`".into(),
            ));
            continue;
        };
        let subject = match mapping.get("path").and_then(text) {
            Some(path) => format!("write_files.{}", excerpt(path, 128)),
            None => format!("write_files[{at}]"),
        };
        if let Some(path) =
            mapping.get("path").filter(|path| text(path).is_some_and(|path| !seen.insert(path.to_owned())))
        {
            found.push(bad(path, &subject, "this file is written twice".into()));
        }
        found.extend(one(document, file, mapping, &subject, programs));
    }
    found
}

fn one(
    document: &Document,
    file: &Node,
    mapping: &Mapping,
    subject: &str,
    programs: &BTreeSet<String>,
) -> Vec<Finding> {
    let bad =
        |node: &Node, message: String| Finding::at(&write_file::RULE, subject, document.place(node.span), message);
    let mut found = Vec::new();
    for entry in mapping.entries.iter().filter(|entry| !KEYS.contains(&entry.key.text.as_str())) {
        let why = match entry.key.text.as_str() {
            "source" => "`source` fetches the file as the guest starts".into(),
            "append" => "`append` adds to a file that is not judged here".into(),
            other => format!("podclaw does not know the key `{}` of a file", excerpt(other, 64)),
        };
        found.push(Finding::at(&write_file::RULE, subject, document.place(entry.key.span), why));
    }
    let Some(path) = mapping.get("path").and_then(|node| text(node).map(|path| (node, path))) else {
        found.push(bad(file, "this file has no `path` that is a text".into()));
        return found;
    };
    found.extend(place(document, path.0, path.1, subject));
    if let Some(owner) = mapping.get("owner").filter(|owner| !matches!(text(owner), Some("root:root" | "root"))) {
        found.push(bad(owner, "only root may own what cloud-init writes".into()));
    }
    if let Some(encoding) = mapping.get("encoding").filter(|encoding| text(encoding) != Some("text/plain")) {
        found.push(bad(encoding, "what is encoded cannot be judged".into()));
    }
    if let Some(defer) = mapping.get("defer").filter(|defer| bool_of(defer) != Some(false)) {
        found.push(bad(defer, "a file that is written late is written after the commands that were judged".into()));
    }
    let mut mode = None;
    if let Some(permissions) = mapping.get("permissions") {
        mode = text(permissions).and_then(octal);
        match mode {
            None => found.push(bad(permissions, "the mode has to be a text of octal digits, such as \"0644\"".into())),
            Some(mode) if mode & 0o7022 != 0 => {
                found.push(bad(permissions, format!("the mode {mode:04o} lets others than root change or borrow it")));
            }
            Some(_) => {}
        }
    }
    match mapping.get("content").map(|content| (content, Embedded::scalar(document, content))) {
        None => found.push(bad(file, "this file has no `content`".into())),
        Some((node, None)) => found.push(bad(node, "`content` has to be a text".into())),
        Some((node, Some(content))) => {
            found.extend(
                self::content(path.1, &content, mode, subject, programs).unwrap_or_else(|why| vec![bad(node, why)]),
            );
        }
    }
    found
}

fn octal(mode: &str) -> Option<u32> {
    let digits = (3..=5).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if digits { u32::from_str_radix(mode, 8).ok() } else { None }
}

/// Where it goes.
fn place(document: &Document, node: &Node, path: &str, subject: &str) -> Vec<Finding> {
    let bad = |message: String| vec![Finding::at(&write_file::RULE, subject, document.place(node.span), message)];
    if !path.starts_with('/')
        || path.contains("/../")
        || path.ends_with("/..")
        || path.contains("//")
        || path.contains("/./")
    {
        return bad("the path has to be absolute, without `.`, `..` and doubled slashes".into());
    }
    if path.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return bad("the path has a space or a control character".into());
    }
    if ["/tmp/", "/var/tmp/", "/dev/", "/run/user/", "/home/"].iter().any(|start| path.starts_with(start)) {
        return bad(format!("root must not write to `{}`, where others could put a link", excerpt(path, 64)));
    }
    shell::written(path, subject, &document.place(node.span)).into_iter().collect()
}

/// What is in it, judged as what it is.
fn content(
    path: &str,
    content: &Embedded,
    mode: Option<u32>,
    subject: &str,
    programs: &BTreeSet<String>,
) -> Result<Vec<Finding>, String> {
    let source = Arc::new(Source { name: path.to_owned(), text: content.text.clone() });
    if path == cloud_init::STAGES_UNIT {
        let is_own = content.text == cloud_init::STAGES_UNIT_TEXT;
        return if is_own {
            Ok(Vec::new())
        } else {
            Err("this unit runs before the gateway, and is not podclaw's own".into())
        };
    }
    let kind = Kind::of(path, &content.text);
    if kind == Some(Kind::Shell) {
        let setting = shell::Setting { script: true, programs: programs.clone() };
        return Ok(shell::embedded(content, &setting, subject));
    }
    if mode.is_some_and(|mode| mode & 0o111 != 0) || content.text.starts_with("#!") {
        return Err("this is a program, and no shell that podclaw can judge".into());
    }
    let findings = match kind {
        _ if path.contains("/apparmor") => rules::apparmor::judge(&source),
        Some(Kind::Quadlet) => rules::quadlet::judge(&source),
        Some(Kind::Openclaw) => rules::openclaw::judge(&source),
        Some(Kind::AppArmor) => rules::apparmor::judge(&source),
        // Of what has no kind, these alone are obeyed by something.
        None if Path::new(path).extension().is_some_and(|extension| extension == "conf") => {
            return Err("this configuration decides what runs, and podclaw cannot judge it".into());
        }
        _ => Vec::new(),
    };
    Ok(findings.into_iter().map(|finding| moved(finding, &source, content)).collect())
}

/// A finding about the text, at its place in the file around it.
fn moved(mut finding: Finding, inner: &Arc<Source>, outer: &Embedded) -> Finding {
    let moved = |origin: &mut Origin| {
        if let Origin::File(place) = origin
            && place.source == *inner
        {
            *place = outer.place(place.span.start..place.span.end);
        }
    };
    moved(&mut finding.origin);
    finding.related.iter_mut().for_each(|related| moved(&mut related.origin));
    // Its bytes are those of the text.
    finding.fix = None;
    finding
}
