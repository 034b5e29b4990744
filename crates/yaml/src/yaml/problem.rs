//! What is wrong with a document.

use std::fmt;

use super::Place;

/// No more problems than this are listed for one document.
pub const MAX_PROBLEMS: usize = 100;

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each name is explained by the text that as_str gives")]
pub enum Code {
    TooLarge,
    TooDeep,
    TooManyNodes,
    NotUtf8,
    ByteOrderMark,
    LineBreak,
    ControlCharacter,
    HiddenCharacter,
    NoFinalNewline,
    Directive,
    Tag,
    Anchor,
    Alias,
    MergeKey,
    ComplexKey,
    DuplicateKey,
    SeveralDocuments,
    DocumentMarker,
    Empty,
    Null,
    QuoteThis,
    Layout,
    Syntax,
    UnknownField,
    MissingField,
    WrongType,
    BadValue,
}

impl Code {
    /// The kind as a short name that stays the same between versions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::TooDeep => "too-deep",
            Self::TooManyNodes => "too-many-nodes",
            Self::NotUtf8 => "not-utf8",
            Self::ByteOrderMark => "byte-order-mark",
            Self::LineBreak => "line-break",
            Self::ControlCharacter => "control-character",
            Self::HiddenCharacter => "hidden-character",
            Self::NoFinalNewline => "no-final-newline",
            Self::Directive => "directive",
            Self::Tag => "tag",
            Self::Anchor => "anchor",
            Self::Alias => "alias",
            Self::MergeKey => "merge-key",
            Self::ComplexKey => "complex-key",
            Self::DuplicateKey => "duplicate-key",
            Self::SeveralDocuments => "several-documents",
            Self::DocumentMarker => "document-marker",
            Self::Empty => "empty",
            Self::Null => "null",
            Self::QuoteThis => "quote-this",
            Self::Layout => "layout",
            Self::Syntax => "syntax",
            Self::UnknownField => "unknown-field",
            Self::MissingField => "missing-field",
            Self::WrongType => "wrong-type",
            Self::BadValue => "bad-value",
        }
    }
}

/// Something wrong at one place of a document. Shown as `file:line:column: message`, and a line of help if there is any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of the problem.
    pub code: Code,
    /// Where it is; with the text, so that it can be shown.
    pub place: Place,
    /// What is wrong, as a lower-case fragment that is safe to print.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without help.
    #[must_use]
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { code, place, message: message.into(), help: None }
    }

    /// The same problem with help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
