//! Keeps secrets out of what is shown.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::scan::{self, Hit};
use crate::place::{Origin, Source};
use crate::rules::Finding;

/// How many bytes of a secret have to be in a text for it to give the secret away.
const PIECE: usize = 8;
/// What stands in a text in place of a secret.
const HIDDEN: &str = "***";

/// The text of a source as it may be shown: each byte of a secret is a `*`, so that places in it stay right. Ends of lines
/// stay too.
#[must_use]
pub fn mask(source: &Source) -> Cow<'_, str> {
    let ranges = ranges(source);
    if ranges.is_empty() {
        return Cow::Borrowed(&source.text);
    }
    let mut masked = String::with_capacity(source.text.len());
    let mut at = 0;
    for range in ranges {
        masked.push_str(source.text.get(at..range.start).unwrap_or_default());
        for c in source.text.get(range.clone()).unwrap_or_default().chars() {
            match c {
                '\n' => masked.push('\n'),
                _ => masked.extend(std::iter::repeat_n('*', c.len_utf8())),
            }
        }
        at = range.end;
    }
    masked.push_str(source.text.get(at..).unwrap_or_default());
    Cow::Owned(masked)
}

/// Where a source has secrets: the bytes that must not be shown, in order and without overlap.
#[must_use]
pub fn ranges(source: &Source) -> Vec<Range<usize>> {
    merged(&scan::hits(&source.text))
}

fn merged(hits: &[Hit]) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::new();
    for hit in hits {
        match merged.last_mut() {
            Some(last) if hit.bytes.start <= last.end => last.end = last.end.max(hit.bytes.end),
            _ => merged.push(hit.bytes.clone()),
        }
    }
    merged
}

/// A message without the secrets that its own form gives away. A message that quotes a part of a file is better hidden
/// with what is known of the file.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let ranges = merged(&scan::hits(text));
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut scrubbed = text.to_owned();
    for range in ranges.into_iter().rev() {
        scrubbed.replace_range(range, HIDDEN);
    }
    Cow::Owned(scrubbed)
}

/// Takes out of what findings say the secrets of all files that they point at. Those of one file may be known already.
pub(super) fn hide(findings: &mut [Finding], known: Option<(&Source, &[Hit])>) {
    let mut all: BTreeMap<String, Pieces> = BTreeMap::new();
    if let Some((source, hits)) = known {
        all.insert(source.name.clone(), Pieces::of(&source.text, hits));
    }
    for finding in findings {
        let origins = finding.related.iter().map(|related| &related.origin).chain([&finding.origin]);
        let sources = origins.filter_map(|origin| match origin {
            Origin::File(place) => Some(Arc::clone(&place.source)),
            Origin::Named(_) => None,
        });
        for source in sources.collect::<Vec<_>>() {
            let of = |source: &Source| Pieces::of(&source.text, &scan::hits(&source.text));
            all.entry(source.name.clone()).or_insert_with(|| of(&source)).hide(finding);
        }
    }
}

/// The pieces of the secrets of one file, by which any text is known that quotes one of them, if only in part.
#[derive(Debug, Default)]
struct Pieces {
    long: HashSet<[u8; PIECE]>,
    short: Vec<String>,
}

impl Pieces {
    fn of(text: &str, hits: &[Hit]) -> Self {
        let mut pieces = Self::default();
        for range in merged(hits) {
            let secret = text.get(range).unwrap_or_default();
            let windows = secret.as_bytes().windows(PIECE).filter_map(|piece| <[u8; PIECE]>::try_from(piece).ok());
            pieces.long.extend(windows.filter(|piece| !piece.iter().any(u8::is_ascii_whitespace)));
            if (3..PIECE).contains(&secret.len()) {
                pieces.short.push(secret.to_owned());
            }
        }
        pieces
    }

    /// Hides the secrets in everything that a finding says.
    fn hide(&self, finding: &mut Finding) {
        if self.long.is_empty() && self.short.is_empty() {
            return;
        }
        let texts = [&mut finding.message, &mut finding.subject]
            .into_iter()
            .chain(finding.related.iter_mut().map(|related| &mut related.message));
        for text in texts {
            self.hide_in(text);
        }
        let mut remedy = finding.remedy.to_string();
        if self.hide_in(&mut remedy) {
            finding.remedy = remedy.into();
        }
        if let Some(fix) = &mut finding.fix {
            let mut what = fix.what.to_string();
            if self.hide_in(&mut what) {
                fix.what = what.into();
            }
        }
    }

    /// Whether something had to be hidden.
    fn hide_in(&self, text: &mut String) -> bool {
        let mut hidden = false;
        for secret in self.short.iter().filter(|secret| text.contains(secret.as_str())).collect::<Vec<_>>() {
            *text = text.replace(secret.as_str(), HIDDEN);
            hidden = true;
        }
        let mut at = 0;
        while let Some(found) = self.find(text, at) {
            // The rest of the word goes too: an escape may have cut the secret into pieces that are too short to know.
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
            let start = text
                .get(..found)
                .and_then(|before| before.rfind(ends))
                .map_or(0, |before| before + text[before..].chars().next().map_or(0, char::len_utf8));
            let rest = found + PIECE;
            let end =
                text.get(rest..).map_or(text.len(), |after| after.find(ends).map_or(text.len(), |end| rest + end));
            text.replace_range(start..end, HIDDEN);
            at = start + HIDDEN.len();
            hidden = true;
        }
        hidden
    }

    fn find(&self, text: &str, from: usize) -> Option<usize> {
        let bytes = text.as_bytes().get(from..)?;
        let is_piece = |piece: &[u8]| <[u8; PIECE]>::try_from(piece).is_ok_and(|piece| self.long.contains(&piece));
        bytes.windows(PIECE).position(is_piece).map(|at| from + at)
    }
}
