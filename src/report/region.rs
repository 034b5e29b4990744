//! Where a place ends, for formats that name both ends.

use crate::place::Place;

/// Both ends of a place: lines and columns counted from 1, columns in characters, the end behind the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Region {
    pub(super) fn of(place: &Place) -> Self {
        let span = place.span;
        let inside = place.source.text.get(span.start..span.end).unwrap_or_default();
        let (end_line, end_column) = match inside.rfind('\n') {
            None => (span.line, span.column + inside.chars().count()),
            Some(last) => {
                let lines = inside.bytes().filter(|&b| b == b'\n').count();
                (span.line + lines, inside[last + 1..].chars().count() + 1)
            }
        };
        Self { line: span.line, column: span.column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::place::Source;

    #[test]
    fn ends_are_counted_in_characters() {
        let source = Arc::new(Source { name: "a".into(), text: "ä: ö\nbc: d\n".into() });
        let region = |bytes| Region::of(&source.place(bytes));
        assert_eq!(region(4..6), Region { line: 1, column: 4, end_line: 1, end_column: 5 });
        assert_eq!(region(4..9), Region { line: 1, column: 4, end_line: 2, end_column: 3 });
        assert_eq!(region(13..13), Region { line: 3, column: 1, end_line: 3, end_column: 1 });
    }
}
