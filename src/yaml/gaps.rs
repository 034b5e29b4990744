//! What stands between the scalars of a text.

use std::sync::Arc;

use super::{Problem, Source, Span, Style};

/// The text that no scalar has taken yet.
pub(super) struct Gaps<'a> {
    source: &'a Arc<Source>,
    /// The end of the last scalar.
    end: usize,
}

impl<'a> Gaps<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        Self { source, end: 0 }
    }

    pub(super) fn scalar(&mut self, span: Span, style: Style, is_key: bool, flow: bool) -> Vec<Problem> {
        let _ = (style, is_key, flow, &self.source, self.end);
        self.end = span.end;
        Vec::new()
    }

    pub(super) fn finish(&mut self) -> Vec<Problem> {
        Vec::new()
    }
}
