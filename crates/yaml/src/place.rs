//! Where in a text something stands, and what brought a value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::text::floor;

/// A text and what it is called.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What the text is called, such as the path of its file.
    pub name: String,
    /// The text. Empty when the bytes were not text at all.
    pub text: String,
}

impl Source {
    /// A part of the text, by its bytes. What is beyond the end, or inside a character, is moved to where it can be.
    #[must_use]
    pub fn place(self: &Arc<Self>, bytes: Range<usize>) -> Place {
        let start = floor(&self.text, bytes.start);
        let end = floor(&self.text, bytes.end.max(start));
        let before = &self.text[..start];
        // Thousands of places may be asked for in a text of hundreds of kilobytes.
        let line_start = memchr::memrchr(b'\n', before.as_bytes()).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Place { source: Arc::clone(self), span: Span { start, end, line, column } }
    }
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Its first byte, counted from 0.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// The line of its first byte, counted from 1.
    pub line: usize,
    /// The column of its first byte, in characters, counted from 1.
    pub column: usize,
}

/// A part of a certain text. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The part of it.
    pub span: Span,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = crate::text::excerpt(&self.source.name, 4096);
        write!(f, "{name}:{}:{}", self.span.line, self.span.column)
    }
}

/// What brought a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A place in a file.
    File(Place),
    /// Something else, by its name: `the instance`, `network podclawbr0`.
    Named(Cow<'static, str>),
}

impl Origin {
    /// Something that is in no file, by its name. The name may come from anywhere: whoever shows it makes it safe.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Named(name.into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => place.fmt(f),
            Self::Named(name) => f.write_str(&crate::text::excerpt(name, 200)),
        }
    }
}
