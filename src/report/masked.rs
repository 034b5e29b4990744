//! The texts that findings are in, with their secrets masked, each made once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::place::{Place, Source};
use crate::rules::secrets;
use crate::text::floor;

/// Masked texts, by the source that they are of.
#[derive(Debug, Default)]
pub(super) struct Masked<'a>(HashMap<usize, Cow<'a, str>>);

impl<'a> Masked<'a> {
    /// The masked text of a source.
    pub(super) fn text(&mut self, source: &'a Arc<Source>) -> &str {
        self.0.entry(Arc::as_ptr(source).addr()).or_insert_with(|| {
            let masked = secrets::mask(source);
            // Places are bytes of the text, so that a mask of another length would show the wrong part.
            if masked.len() == source.text.len() { masked } else { Cow::Owned("*".repeat(source.text.len())) }
        })
    }

    /// A part of a source's masked text.
    pub(super) fn part(&mut self, place: &'a Place) -> &str {
        self.text(&place.source).get(place.span.start..place.span.end).unwrap_or_default()
    }

    /// The line in which a part starts, without its end, but no more than a part of a line that is very long.
    pub(super) fn line(&mut self, place: &'a Place) -> &str {
        around(self.text(&place.source), place.span.start).0
    }
}

/// The line around a byte, and where it starts. A line that is longer than anybody reads is cut on both sides, so that
/// many findings in one line take no time that grows with the line.
pub(super) fn around(text: &str, at: usize) -> (&str, usize) {
    const MOST: usize = 4096;
    let at = floor(text, at);
    let earliest = floor(text, at.saturating_sub(MOST));
    let start = text[earliest..at].rfind('\n').map_or(earliest, |newline| earliest + newline + 1);
    let latest = floor(text, at.saturating_add(MOST));
    let end = text[at..latest].find('\n').map_or(latest, |newline| at + newline);
    (&text[start..end], start)
}
