//! Where in a file something stands.

use std::fmt;
use std::sync::Arc;

/// A text and what it is called.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What the text is called, such as the path of its file.
    pub name: String,
    /// The text. Empty when the bytes were not text at all.
    pub text: String,
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
