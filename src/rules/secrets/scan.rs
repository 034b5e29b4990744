//! Finds the secrets in a text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::base64;
use super::pattern::{Check, PATTERNS, Pattern};
use super::view::View;

/// How often something in Base64 is looked into that was itself found there.
const DEEPEST: usize = 2;

/// A secret in a text.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    /// What it is.
    pub(super) pattern: &'static Pattern,
    /// What must not be shown.
    pub(super) bytes: Range<usize>,
}

/// All secrets in a text, by place; each range once.
pub(super) fn hits(text: &str) -> Vec<Hit> {
    let mut hits = at_depth(text, 0);
    hits.sort_by_key(|hit| (hit.bytes.start, std::cmp::Reverse(hit.bytes.end)));
    // What has two forms, such as a key of a provider after `api_key:`, is one secret: the longer range, and of two
    // alike the one that knows more, which comes first in the list of all.
    let mut end = 0;
    hits.retain(|hit| {
        let is_new = hit.bytes.end > end;
        end = end.max(hit.bytes.end);
        is_new
    });
    hits
}

fn at_depth(text: &str, depth: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    seen(&View::plain(text), &mut hits);
    if let Some(view) = View::decoded(text) {
        seen(&view, &mut hits);
    }
    if depth < DEEPEST {
        for run in base64::runs(text) {
            let inner = base64::decode(&text[run.clone()]).and_then(|bytes| String::from_utf8(bytes).ok());
            let inner = inner.filter(|inner| !inner.contains('\0'));
            if let Some(hit) = inner.and_then(|inner| at_depth(&inner, depth + 1).into_iter().next()) {
                hits.push(Hit { pattern: hit.pattern, bytes: run });
            }
        }
    }
    hits
}

/// What is seen in one view, as places of the original.
fn seen(view: &View, hits: &mut Vec<Hit>) {
    let text = view.text.as_ref();
    for (pattern, form) in PATTERNS.hinted(text) {
        // Where the last secret of this form ends: what is inside of it is not looked through again, or one long word
        // would be looked through from each of its parts.
        let mut covered = 0;
        for captures in form.captures_iter(text.as_bytes()) {
            let Some(found) = captures.get(1).or_else(|| captures.get(0)) else { continue };
            let (start, end) = (found.start(), found.end());
            if end <= covered {
                continue;
            }
            // The forms are of ASCII, so that they neither begin nor end inside of a character.
            let (Some(secret), Some(rest)) = (text.get(start..end), text.get(end..)) else { continue };
            if !pattern.check.passes(secret, rest) {
                continue;
            }
            let (start, end) = match pattern.check {
                // The header of a key is no secret, and says what is hidden.
                Check::Key if key_end(rest) > 0 => (end, end + key_end(rest)),
                _ => (start, end + tail(rest)),
            };
            covered = covered.max(end);
            hits.push(Hit { pattern, bytes: view.origin(start)..view.origin(end) });
        }
    }
}

/// What ends a key, or begins another.
static KEY_END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----(?:END|BEGIN)|---- (?:END|BEGIN)|Private-MAC:|PuTTY-User-Key-File").ok());

/// Where a key ends whose header is before `rest`: before its last line, or the header of the next.
fn key_end(rest: &str) -> usize {
    // Without an end it is whatever could be a key: lines of Base64, and of headers such as `Proc-Type: 4,ENCRYPTED`.
    let no_key = |c: char| !(c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "+/=:,-_.\\\"'".contains(c));
    match KEY_END.as_ref().and_then(|end| end.find(rest)) {
        Some(end) => end.start(),
        None => rest.find(no_key).unwrap_or(rest.len()),
    }
}

/// How much of what follows belongs to the same word: a form may know only the least that a secret has.
fn tail(rest: &str) -> usize {
    rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=')).count()
}
