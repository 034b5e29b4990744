//! The tree itself.

use std::sync::Arc;

use super::{Place, Source, Span};

/// One document that was read without a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text that it was read from.
    pub source: Arc<Source>,
    /// The outermost value.
    pub root: Node,
}

impl Document {
    /// The place of a span in this document.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place { source: Arc::clone(&self.source), span }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What the value takes up in the text, without comments around it.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with their values.
    Mapping(Mapping),
}

/// A single value, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The value as text; for `Bool` it is `true` or `false`, for `Integer` canonical decimal.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
}

/// What a scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text: everything quoted, every block, and plain text that no decoder takes for anything else.
    String,
    /// Plain `true` or `false`.
    Bool,
    /// A plain decimal integer without sign `+`, leading zero or separator, that fits into 64 bits.
    Integer,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'`.
    SingleQuoted,
    /// In `"`.
    DoubleQuoted,
    /// A block after `|`.
    Literal,
    /// A block after `>`.
    Folded,
}

/// Keys with their values, in the order of the text. No key is there twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// The pairs.
    pub entries: Vec<Entry>,
}

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key, decoded, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's text.
    pub text: String,
    /// What the key takes up in the text.
    pub span: Span,
    /// How it is written.
    pub style: Style,
}
