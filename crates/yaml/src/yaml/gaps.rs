//! What stands between the scalars of a text.
//!
//! The parser's events leave out how a document is written, and decoders differ in just that. So every byte that no
//! scalar has taken is looked at here: only comments, line ends, spaces and the few signs of plain structure may be
//! there. What a future YAML parser would let pass is refused all the same.

use std::sync::Arc;

use super::{Code, Place, Problem, Source, Span, Style};

/// The text that no scalar has taken yet.
pub(super) struct Gaps<'a> {
    source: &'a Arc<Source>,
    /// The end of the last scalar.
    end: usize,
    /// The last scalar, if it was a key, so that its colon comes now: its style, and whether it is between braces.
    key: Option<(Style, bool)>,
    /// Whether a scalar was not there. The document is refused for that, and what follows it would only confuse.
    absent: bool,
}

impl<'a> Gaps<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        Self { source, end: 0, key: None, absent: false }
    }

    /// Looks at what stands before a scalar. `flow` says that it is between braces or brackets.
    pub(super) fn scalar(&mut self, span: Span, style: Style, is_key: bool, flow: bool) -> Vec<Problem> {
        if span.start == span.end {
            self.absent = true;
        }
        if self.absent {
            return Vec::new();
        }
        let mut problems = Vec::new();
        if span.start < self.end {
            problems.push(self.layout(span.start, "values overlap here"));
            return problems;
        }
        if let Some((key, flow)) = self.key.take() {
            problems.extend(self.colon(key, flow));
        }
        problems.extend(self.walk(span.start, matches!(style, Style::Literal | Style::Folded)));
        self.end = span.end;
        self.key = is_key.then_some((style, flow));
        problems
    }

    /// The end of the last scalar.
    pub(super) fn last_end(&self) -> usize {
        self.end
    }

    /// Looks at what stands behind the last scalar.
    pub(super) fn finish(&mut self) -> Vec<Problem> {
        if self.absent {
            return Vec::new();
        }
        let colon = self.key.take().and_then(|(key, flow)| self.colon(key, flow));
        colon.into_iter().chain(self.walk(self.source.text.len(), false)).collect()
    }

    /// A key's colon must follow it in its line, and a space must follow the colon. Between braces, JSON is well-known
    /// enough to do without, after a quoted key.
    fn colon(&mut self, key: Style, flow: bool) -> Option<Problem> {
        let rest = &self.source.text[self.end..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let Some(after) = rest[spaces..].strip_prefix(':') else {
            return Some(self.layout(self.end, "the colon is not in the line of its key"));
        };
        let at = self.end + spaces;
        self.end = at + 1;
        let json = flow && key != Style::Plain && spaces == 0;
        if after.starts_with([' ', '\n']) || json {
            return None;
        }
        Some(self.layout(at, "there is no space after the colon of this key"))
    }

    fn walk(&self, end: usize, block: bool) -> Vec<Problem> {
        let text = &self.source.text;
        let mut at = self.end;
        while let Some(c) = text[at..end].chars().next() {
            let after = text[at + c.len_utf8()..].chars().next().unwrap_or('\n');
            let line_start = at == 0 || text[..at].ends_with('\n');
            match c {
                ' ' | '\n' | ',' | '{' | '}' | '[' | ']' => {}
                '#' if line_start || text[..at].ends_with(' ') => {
                    at = text[at..].find('\n').map_or(text.len(), |length| at + length).min(end);
                    continue;
                }
                '-' if line_start && text[at..].starts_with("---\n") && self.end == 0 => {
                    at += 3;
                    continue;
                }
                '-' if matches!(after, ' ' | '\n') => {}
                '|' | '>' if block => return self.header(at, end).into_iter().collect(),
                _ => return vec![self.unexpected(at, c, line_start)],
            }
            at += c.len_utf8();
        }
        Vec::new()
    }

    /// What follows `|` or `>`: at most `+` or `-`, then a comment. How far a number would indent, decoders count
    /// in different ways.
    fn header(&self, at: usize, end: usize) -> Option<Problem> {
        let text = &self.source.text[at + 1..end];
        let (header, rest) = text.split_once('\n')?;
        let header = header.strip_prefix(['+', '-']).unwrap_or(header);
        let comment = header.trim_start_matches(' ');
        let simple = comment.is_empty() || (comment.starts_with('#') && comment.len() < header.len());
        if simple && rest.trim_matches([' ', '\n']).is_empty() {
            return None;
        }
        let problem = self.layout(at, "only + or - may follow the sign of a block");
        Some(problem.help("let the indentation of the first line say how far the block is indented"))
    }

    fn unexpected(&self, at: usize, c: char, line_start: bool) -> Problem {
        let rest = &self.source.text[at..];
        let place = self.place(at, c.len_utf8());
        match c {
            '&' => {
                Problem::new(Code::Anchor, place, "anchors are not allowed").help("write the value where it is needed")
            }
            '!' => Problem::new(Code::Tag, place, "tags are not allowed").help("quote the value to make it a string"),
            '?' => {
                Problem::new(Code::ComplexKey, place, "keys marked with `?` are not allowed").help("write `key: value`")
            }
            ':' => Problem::new(Code::ComplexKey, place, "there is no key before this colon")
                .help(r#"write "" for an empty key, if that is meant"#),
            '%' if line_start => {
                Problem::new(Code::Directive, place, "directives are not allowed").help("remove this line")
            }
            '.' if rest.starts_with("...") => {
                Problem::new(Code::DocumentMarker, place, "the end of the document is not marked here")
                    .help("remove `...`: some decoders ignore what follows it")
            }
            '-' if rest.starts_with("---") => {
                Problem::new(Code::DocumentMarker, place, "`---` may only stand alone in a line before the document")
                    .help("remove it, or what follows it in the line")
            }
            '#' => self.layout(at, "there is no space before this comment"),
            _ => self.layout(at, "decoders could disagree on how this is written"),
        }
    }

    fn layout(&self, at: usize, message: &str) -> Problem {
        Problem::new(Code::Layout, self.place(at, 0), message)
    }

    fn place(&self, start: usize, length: usize) -> Place {
        self.source.place(start..start + length)
    }
}
