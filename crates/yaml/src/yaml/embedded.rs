//! A text inside a document, such as a script in a block: where each part of it stands in the file.

use std::ops::Range;
use std::sync::Arc;

use super::{Document, Node, Place, Scalar, Source, Style, Value};

/// A text that stands inside another, and how its bytes map to the outer one's.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The text itself.
    pub text: String,
    source: Arc<Source>,
    /// The whole scalar, where a part cannot be told.
    whole: Range<usize>,
    /// The first byte of each line, in the text and in the source. Empty where only the whole is known.
    lines: Vec<(usize, usize)>,
}

impl Embedded {
    /// A whole file, which maps to itself.
    #[must_use]
    pub fn file(source: &Arc<Source>) -> Self {
        let text = source.text.clone();
        Self { whole: 0..text.len(), text, source: Arc::clone(source), lines: vec![(0, 0)] }
    }

    /// A single value of a document; `None` for a list or a mapping.
    #[must_use]
    pub fn scalar(document: &Document, node: &Node) -> Option<Self> {
        let Value::Scalar(scalar) = &node.value else { return None };
        let whole = node.span.start..node.span.end;
        let raw = document.source.text.get(whole.clone()).unwrap_or_default();
        let lines = lines(&document.source.text, raw, whole.start, scalar);
        Some(Self { text: scalar.text.clone(), source: Arc::clone(&document.source), whole, lines })
    }

    /// The place in the file of a part of the text.
    #[must_use]
    pub fn place(&self, bytes: Range<usize>) -> Place {
        let (Some(start), Some(end)) = (self.outer(bytes.start), self.outer(bytes.end.max(bytes.start))) else {
            return self.source.place(self.whole.clone());
        };
        self.source.place(start..end.max(start))
    }

    fn outer(&self, at: usize) -> Option<usize> {
        let line = self.lines.partition_point(|(inner, _)| *inner <= at).checked_sub(1)?;
        let (inner, outer) = self.lines[line];
        Some(outer + (at - inner))
    }
}

fn lines(source: &str, raw: &str, start: usize, scalar: &Scalar) -> Vec<(usize, usize)> {
    match scalar.style {
        Style::Plain if raw == scalar.text => vec![(0, start)],
        // Without an escape, what is between the quotes is the text.
        Style::SingleQuoted | Style::DoubleQuoted if raw.get(1..raw.len().saturating_sub(1)) == Some(&scalar.text) => {
            vec![(0, start + 1)]
        }
        Style::Literal => block(source, start, &scalar.text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The lines of a literal block. Each is the document's line without the block's indentation, so that comparing them
/// from the first on tells both where they are and whether that is so.
fn block(source: &str, start: usize, text: &str) -> Option<Vec<(usize, usize)>> {
    // The span of a block begins at its sign, or at its first line.
    let mut outer = match source.get(start..)?.strip_prefix('|') {
        Some(rest) => start + 1 + rest.find('\n')? + 1,
        None => source[..start].rfind('\n')? + 1,
    };
    let mut body = source.get(outer..)?.split_inclusive('\n');
    let mut lines = Vec::new();
    let mut inner = 0;
    for wanted in text.split_inclusive('\n') {
        let line = body.next()?;
        let (bare, wanted_bare) = (line.trim_end_matches('\n'), wanted.trim_end_matches('\n'));
        let indent = bare.len().checked_sub(wanted_bare.len());
        match indent {
            Some(indent) if bare.ends_with(wanted_bare) => lines.push((inner, outer + indent)),
            // A line of spaces only, which is shorter than the indentation.
            _ if wanted_bare.is_empty() => lines.push((inner, outer)),
            _ => return None,
        }
        inner += wanted.len();
        outer += line.len();
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn places(text: &str, wanted: &[(&str, usize, usize)]) {
        let document = parse("a", text.as_bytes()).unwrap();
        let node = document.root_mapping().unwrap().get("a").unwrap();
        let embedded = Embedded::scalar(&document, node).unwrap();
        for (part, line, column) in wanted {
            let at = embedded.text.find(part).unwrap();
            let place = embedded.place(at..at + part.len());
            assert_eq!((place.span.line, place.span.column), (*line, *column), "{part} in {text}");
        }
    }

    #[test]
    fn parts_are_found_in_the_file() {
        places("a: |\n  one\n\n    two\n  three é four\nb: 1\n", &[("one", 2, 3), ("two", 4, 5), ("four", 5, 11)]);
        places("x: 1\na: curl x\n", &[("x", 2, 9)]);
        places("a: \"curl x\"\n", &[("x", 1, 10)]);
        // An escape moves what follows: only the whole is known.
        places("a: \"curl\\tx\"\n", &[("x", 1, 4)]);
        places("a: >\n  one\n  two\n", &[("two", 2, 3)]);
    }
}
