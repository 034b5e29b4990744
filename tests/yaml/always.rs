//! What holds for every document, whatever is in it: no panic, spans inside of the text, what is accepted survives being
//! written plainly, and another library reads the same.

use podclaw::yaml::{self, Document, Kind, Mapping, Node, Scalar, Style, Value};
use serde_json::json;

fn check_spans(text: &str, node: &Node) {
    assert!(node.span.start <= node.span.end && text.get(node.span.start..node.span.end).is_some());
    let before = &text[..node.span.start];
    assert_eq!(node.span.line, before.matches('\n').count() + 1);
    assert_eq!(node.span.column, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(nodes) => nodes.iter().for_each(|inner| check_spans(text, inner)),
        Value::Mapping(mapping) => {
            for entry in &mapping.entries {
                assert!(text.get(entry.key.span.start..entry.key.span.end).is_some());
                assert!(entry.key.span.end <= entry.value.span.start);
                check_spans(text, &entry.value);
            }
        }
    }
}

/// The tree without spans and styles.
fn plain(node: &Node) -> Node {
    let span = yaml::Span { start: 0, end: 0, line: 1, column: 1 };
    let value = match &node.value {
        Value::Scalar(scalar) => Value::Scalar(Scalar { style: Style::Plain, ..scalar.clone() }),
        Value::Sequence(nodes) => Value::Sequence(nodes.iter().map(plain).collect()),
        Value::Mapping(mapping) => {
            let entries = mapping.entries.iter().map(|entry| yaml::Entry {
                key: yaml::Key { span, style: Style::Plain, ..entry.key.clone() },
                value: plain(&entry.value),
            });
            Value::Mapping(Mapping { entries: entries.collect() })
        }
    };
    Node { span, value }
}

/// The tree in flow style with every string quoted, which is JSON with spaces.
fn write(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) if scalar.kind == Kind::String => quote(&scalar.text),
        Value::Scalar(scalar) => scalar.text.clone(),
        Value::Sequence(nodes) => format!("[{}]", nodes.iter().map(write).collect::<Vec<_>>().join(", ")),
        Value::Mapping(mapping) => {
            let pair = |entry: &yaml::Entry| format!("{}: {}", quote(&entry.key.text), write(&entry.value));
            format!("{{{}}}", mapping.entries.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

pub(crate) fn quote(text: &str) -> String {
    // Escaping more than has to be makes keys longer than the parser looks ahead.
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' | '\u{a1}'..='\u{1fff}' | '\u{10000}'.. => c.to_string(),
        _ => format!("\\U{:08x}", c as u32),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// Demands all of it. What is accepted is returned, as another decoder would read it.
pub(crate) fn check(text: &[u8]) -> Option<serde_json::Value> {
    match yaml::parse("input", text) {
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let (source, span) = (&problem.place.source.text, problem.place.span);
                assert!(source.get(span.start..span.end).is_some(), "{problem}");
                assert!(!problem.to_string().contains(['\u{1b}', '\u{85}', '\u{2028}', '\r']));
            }
            None
        }
        Ok(document) => {
            check_spans(&document.source.text, &document.root);
            if let Some(again) = written(&document) {
                assert_eq!(plain(&document.root), plain(&again.root));
            }
            let ours = typed(&document.root);
            let theirs = serde_saphyr::from_str::<serde_json::Value>(&document.source.text);
            match theirs {
                Ok(theirs) => assert_eq!(ours, theirs, "serde-saphyr reads another document"),
                Err(error) => panic!("serde-saphyr does not read it: {error}"),
            }
            Some(ours)
        }
    }
}

/// The document written anew and read again; none where the escapes make it longer than what is read at all.
fn written(document: &Document) -> Option<Document> {
    let text = write(&document.root) + "\n";
    if text.len() > yaml::MAX_BYTES {
        return None;
    }
    match yaml::parse("again", text.as_bytes()) {
        Ok(again) => Some(again),
        Err(problems) => panic!("{text:?}: {problems:?}"),
    }
}

/// The tree as JSON.
pub(crate) fn typed(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar(scalar) => match scalar.kind {
            Kind::String => json!(scalar.text),
            Kind::Bool => json!(scalar.as_bool()),
            Kind::Integer => json!(scalar.as_integer()),
        },
        Value::Sequence(nodes) => nodes.iter().map(typed).collect(),
        Value::Mapping(mapping) => {
            mapping.entries.iter().map(|entry| (entry.key.text.clone(), typed(&entry.value))).collect()
        }
    }
}
