//! From the parser's events to the tree.

use std::borrow::Cow;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::gaps::Gaps;
use super::problem::MAX_PROBLEMS;
use super::scalar::{Doubt, classify};
use super::seen::Seen;
use super::{Code, Document, Entry, Key, Kind, MAX_DEPTH, MAX_NODES, Mapping, Node, Place, Problem, Scalar, Source};
use super::{Span, Style, Value, chars, written};
use crate::text::excerpt;

/// Parses a text whose characters are in order.
pub(super) fn document(source: &Arc<Source>) -> Result<Document, Vec<Problem>> {
    let mut builder = Builder {
        source,
        gaps: Gaps::new(source),
        open: Vec::new(),
        root: None,
        documents: 0,
        nodes: 0,
        problems: Vec::new(),
        marks: Vec::new(),
    };
    builder.run();
    let mut problems = builder.problems;
    for mark in builder.marks {
        if problems.iter().all(|problem| problem.code != mark.code) {
            problems.push(mark);
        }
    }
    match builder.root {
        Some(root) if problems.is_empty() => Ok(Document { source: Arc::clone(source), root }),
        None if problems.is_empty() => {
            let span = Span { start: 0, end: 0, line: 1, column: 1 };
            let place = Place { source: Arc::clone(source), span };
            Err(vec![Problem::new(Code::Empty, place, "the document is empty")])
        }
        _ => {
            problems.sort_by_key(|problem| problem.place.span);
            problems.truncate(MAX_PROBLEMS);
            Err(problems)
        }
    }
}

/// A collection whose end has not come yet.
struct Open {
    start: Span,
    flow: bool,
    kind: OpenKind,
    seen: Seen,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping(Mapping, Option<Key>),
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    gaps: Gaps<'a>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    problems: Vec<Problem>,
    /// What the events say of anchors and tags. It is only wanted where [`Gaps`] has not seen them.
    marks: Vec<Problem>,
}

impl Builder<'_> {
    fn run(&mut self) {
        let source = Arc::clone(self.source);
        let options = granit_parser::options! {
            strict_indentation: true,
            emit_unresolved_aliases: true,
            emit_comments: false,
            // libyaml gives up at 1024; well below it, nobody disagrees on where a key ends.
            simple_key_max_lookahead: 512,
            // The builder's own limit comes first and has a better message; these bound how far the scanner looks ahead.
            flow_nesting_limit: 1024,
            block_nesting_limit: 1024,
        };
        for next in Parser::new_from_str_with_options(&source.text, options) {
            if self.problems.len() >= MAX_PROBLEMS {
                return;
            }
            match next {
                Ok((event, span)) => {
                    if !self.event(event, &span) {
                        return;
                    }
                }
                Err(error) => {
                    let mark = error.marker();
                    let at = mark.byte_offset().unwrap_or(0).min(source.text.len());
                    let span = Span { start: at, end: at, line: mark.line(), column: mark.col() + 1 };
                    self.problem(Code::Syntax, span, &excerpt(&error.info(), 200), None);
                    return;
                }
            }
        }
        let found = self.gaps.finish();
        self.problems.extend(found);
    }

    /// Takes one event; false when there is no point in going on.
    fn event(&mut self, event: Event<'_>, at: &granit_parser::Span) -> bool {
        let span = convert(at);
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(_, anchor, tag)
            | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        let place = || Place { source: Arc::clone(self.source), span };
        if anchor != 0 {
            self.marks.push(Problem::new(Code::Anchor, place(), "anchors are not allowed"));
        }
        if tag {
            self.marks.push(Problem::new(Code::Tag, place(), "tags are not allowed"));
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let help = "put each document into a file of its own";
                    self.problem(Code::SeveralDocuments, span, "a second document starts here", Some(help));
                    return false;
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.problem(Code::Alias, span, "aliases are not allowed", Some("write the value where it is needed"));
                return false;
            }
            Event::Scalar(text, style, ..) => return self.scalar(text, convert_style(style), span),
            Event::SequenceStart(style, ..) => {
                return self.begin(span, is_flow(style), OpenKind::Sequence(Vec::new()));
            }
            Event::MappingStart(style, ..) => {
                return self.begin(span, is_flow(style), OpenKind::Mapping(Mapping::default(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end(span),
            _ => {}
        }
        true
    }
}

impl Builder<'_> {
    fn scalar(&mut self, decoded: Cow<'_, str>, style: Style, span: Span) -> bool {
        let text = decoded.as_ref();
        let is_key = matches!(self.open.last(), Some(Open { kind: OpenKind::Mapping(_, None), .. }));
        let flow = self.open.last().is_some_and(|open| open.flow);
        let found = self.gaps.scalar(span, style, is_key, flow);
        self.problems.extend(found);
        let raw = &self.source.text[span.start..span.end];
        let absent = raw.is_empty();
        if let Some(doubt) = written::doubt(raw, text, style, is_key, flow) {
            self.problem(Code::Layout, span, doubt, None);
        }
        if let Some(c) = chars::first_refused(text, |c| c != '\t') {
            let message = format!("the decoded value has the character U+{:04X}", c as u32);
            self.problem(Code::HiddenCharacter, span, &message, None);
        }
        let kind = if style == Style::Plain { self.plain(text, is_key, absent, span) } else { Kind::String };
        if is_key && text == "<<" && style != Style::Plain {
            self.problem(Code::MergeKey, span, "a key that looks like a merge key is not allowed", None);
        }
        if is_key {
            return self.key(Key { text: decoded.into_owned(), span, style });
        }
        let scalar = Scalar { text: decoded.into_owned(), kind, style };
        self.count(span) && self.attach(Node { span, value: Value::Scalar(scalar) })
    }

    fn plain(&mut self, text: &str, is_key: bool, absent: bool, span: Span) -> Kind {
        // The parser hands out `~` for a value that is not there.
        match classify(if absent { "" } else { text }) {
            Ok(kind) => {
                if is_key && kind != Kind::String {
                    let message = format!("the key {:?} is not a string", excerpt(text, 64));
                    self.problem(Code::QuoteThis, span, &message, Some("quote this"));
                }
                return kind;
            }
            Err(Doubt::Null) => {
                let message = if absent { "there is no value here" } else { "null is not allowed" };
                self.problem(Code::Null, span, message, Some(r#"write "" for an empty value, or remove the key"#));
            }
            Err(Doubt::Merge) => {
                let help = "write the merged keys where they are needed";
                self.problem(Code::MergeKey, span, "merge keys are not allowed", Some(help));
            }
            Err(doubt) => {
                let message = format!("{:?} can be taken for {}", excerpt(text, 64), doubt.describe());
                self.problem(Code::QuoteThis, span, &message, Some("quote this"));
            }
        }
        Kind::String
    }

    fn key(&mut self, key: Key) -> bool {
        if !self.count(key.span) {
            return false;
        }
        let Some(Open { kind: OpenKind::Mapping(mapping, waiting), seen, .. }) = self.open.last_mut() else {
            return false;
        };
        if let Some(line) = seen.line_of(&key, mapping) {
            let place = Place { source: Arc::clone(self.source), span: key.span };
            let message = format!("the key {:?} is there already, in line {line}", excerpt(&key.text, 64));
            let help = "keep one of them: some decoders take the first, some the last, some refuse both";
            self.problems.push(Problem::new(Code::DuplicateKey, place, message).help(help));
        }
        *waiting = Some(key);
        true
    }

    fn begin(&mut self, span: Span, flow: bool, kind: OpenKind) -> bool {
        if matches!(self.open.last(), Some(Open { kind: OpenKind::Mapping(_, None), .. })) {
            let help = "a key must be a string";
            self.problem(Code::ComplexKey, span, "a list or a mapping as a key is not allowed", Some(help));
            return false;
        }
        if self.open.len() >= MAX_DEPTH {
            self.problem(Code::TooDeep, span, &format!("this is nested deeper than {MAX_DEPTH} levels"), None);
            return false;
        }
        if flow && !self.source.text[span.start..].starts_with(['{', '[']) {
            let help = "write the braces of the mapping";
            self.problem(Code::Layout, span, "a pair in a list without braces", Some(help));
        }
        let parent_is_flow = self.open.last().is_some_and(|open| open.flow);
        self.open.push(Open { start: span, flow: flow || parent_is_flow, kind, seen: Seen::default() });
        self.count(span)
    }

    fn end(&mut self, end: Span) -> bool {
        let Some(Open { start, kind, .. }) = self.open.pop() else { return false };
        // The end of a collection without brackets is only known from what comes after it.
        let end = if end.end > end.start { end.end } else { self.gaps.last_end() };
        let span = Span { end: end.max(start.end), ..start };
        let value = match kind {
            OpenKind::Sequence(nodes) => Value::Sequence(nodes),
            OpenKind::Mapping(mapping, _) => Value::Mapping(mapping),
        };
        self.attach(Node { span, value })
    }

    /// Puts a finished value where it belongs.
    fn attach(&mut self, node: Node) -> bool {
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => {
                if matches!(node.value, Value::Scalar(_)) && node.span.start < node.span.end {
                    let message = "the document is a single value, not a mapping or a list";
                    self.problem(Code::WrongType, node.span, message, None);
                }
                self.root = Some(node);
            }
            Some(OpenKind::Sequence(nodes)) => nodes.push(node),
            Some(OpenKind::Mapping(mapping, waiting)) => match waiting.take() {
                Some(key) => mapping.entries.push(Entry { key, value: node }),
                None => return false,
            },
        }
        true
    }

    fn count(&mut self, span: Span) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.problem(Code::TooManyNodes, span, &format!("there are more than {MAX_NODES} keys and values"), None);
        }
        self.nodes <= MAX_NODES
    }

    fn problem(&mut self, code: Code, span: Span, message: &str, help: Option<&str>) {
        let place = Place { source: Arc::clone(self.source), span };
        self.problems.push(Problem { code, place, message: message.into(), help: help.map(Into::into) });
    }
}

fn is_flow(style: StructureStyle) -> bool {
    style == StructureStyle::Flow
}

fn convert_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn convert(span: &granit_parser::Span) -> Span {
    let byte = |mark: &granit_parser::Marker| mark.byte_offset().unwrap_or_default();
    let (start, end) = (byte(&span.start), byte(&span.end));
    Span { start, end: end.max(start), line: span.start.line(), column: span.start.col() + 1 }
}
