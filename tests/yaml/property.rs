//! Whatever the input: no panic, spans inside of the text, and what is accepted survives being written plainly.

use podclaw::yaml::{self, Document, Kind, Mapping, Node, Scalar, Style, Value};
use proptest::prelude::*;

/// Pieces of which documents are made that are nearly right.
const PIECES: &[&str] = &[
    "a",
    "b",
    "config",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "{",
    "}",
    "[",
    "]",
    ",",
    ", ",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "|+",
    "#",
    " # c",
    "true",
    "yes",
    "1",
    "010",
    "-1",
    "~",
    "<<",
    "&x ",
    "*x",
    "!!str ",
    "? ",
    "---\n",
    "...",
    "%YAML 1.1\n",
    "\t",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{200b}",
    "\\x41",
    "\\u0041",
    "\\",
    "é",
    "0x1",
    "1.5",
    "2001-01-01",
    "a: b\n",
    "c: 'd'\n",
    "e:\n  f: \"g\"\n",
    "h: |\n  i\n",
];

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

fn quote(text: &str) -> String {
    // Escaping more than has to be makes keys longer than the parser looks ahead.
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' | '\u{a1}'..='\u{1fff}' | '\u{10000}'.. => c.to_string(),
        _ => format!("\\U{:08x}", c as u32),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

fn check(text: &[u8]) {
    match yaml::parse("input", text) {
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let (source, span) = (&problem.place.source.text, problem.place.span);
                assert!(source.get(span.start..span.end).is_some(), "{problem}");
                assert!(!problem.to_string().contains(['\u{1b}', '\u{85}', '\u{2028}', '\r']));
            }
        }
        Ok(document) => {
            check_spans(&document.source.text, &document.root);
            let again = written(&document);
            assert_eq!(plain(&document.root), plain(&again.root));
        }
    }
}

fn written(document: &Document) -> Document {
    let text = write(&document.root) + "\n";
    match yaml::parse("again", text.as_bytes()) {
        Ok(again) => again,
        Err(problems) => panic!("{text:?}: {problems:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn arbitrary_text(text in "\\PC{0,80}\n") {
        check(text.as_bytes());
    }

    #[test]
    fn nearly_yaml(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        check((pieces.concat() + "\n").as_bytes());
    }

    #[test]
    fn values_come_back(keys in prop::collection::btree_map("[a-z][a-z.-]{0,8}", any::<String>(), 0..6)) {
        let lines: Vec<_> = keys.iter().map(|(key, value)| format!("{}: {}\n", quote(key), quote(value))).collect();
        let text = lines.concat();
        if let Ok(document) = yaml::parse("values", text.as_bytes()) {
            let mapping = document.root_mapping().unwrap();
            for (key, value) in &keys {
                prop_assert_eq!(document.string(mapping.get(key).unwrap()).unwrap(), value);
            }
        }
    }
}
