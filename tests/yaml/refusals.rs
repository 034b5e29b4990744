//! What is refused, with its kind and its place, and what is not.

use podclaw::yaml::{self, MAX_BYTES, MAX_DEPTH, MAX_NODES};

fn found(text: &[u8]) -> Vec<String> {
    let problems = yaml::parse("f", text).err().unwrap_or_default();
    let show = |p: &yaml::Problem| format!("{}:{} {}", p.place.span.line, p.place.span.column, p.code.as_str());
    problems.iter().map(show).collect()
}

#[test]
fn bytes_that_are_no_plain_text() {
    for (text, expected) in [
        (&b"a: \xff\n"[..], "1:1 not-utf8"),
        (b"a: \xc0\xaf\n", "1:1 not-utf8"),
        (b"\xff\xfea\0:\0 \0b\0\n\0", "1:1 not-utf8"),
        ("\u{feff}a: b\n".as_bytes(), "1:1 byte-order-mark"),
        (b"a: b\r\n", "1:5 line-break"),
        (b"a: b # x\rc: d\n", "1:9 line-break"),
        ("a: b # x\u{85}c: d\n".as_bytes(), "1:9 line-break"),
        ("é: b\n# x\u{2028}c: d\n".as_bytes(), "2:4 line-break"),
        ("# \u{2029}\na: b\n".as_bytes(), "1:3 line-break"),
        (b"a:\tb\n", "1:3 control-character"),
        (b"a: \0\n", "1:4 control-character"),
        (b"a: \x1b[2J\n", "1:4 control-character"),
        (b"a: \x7f\n", "1:4 control-character"),
        ("a: \u{202e}b\n".as_bytes(), "1:4 hidden-character"),
        ("\"sec\u{200b}urity\": b\n".as_bytes(), "1:5 hidden-character"),
        ("a: \u{e0041}\n".as_bytes(), "1:4 hidden-character"),
        ("a: \u{fffe}\n".as_bytes(), "1:4 hidden-character"),
        (b"a: b", "1:5 no-final-newline"),
        (b"", "1:1 empty"),
        (b"# nothing\n", "1:1 empty"),
    ] {
        assert_eq!(found(text), [expected], "{:?}", String::from_utf8_lossy(text));
    }
}

#[test]
fn yaml_that_is_not_plain() {
    for (text, expected) in [
        ("%YAML 1.1\n---\na: b\n", "1:1 directive"),
        ("a: !!str b\n", "1:4 tag"),
        ("a: ! b\n", "1:4 tag"),
        ("a: &x b\n", "1:4 anchor"),
        ("a: *x\n", "1:4 alias"),
        ("<<: {a: b}\n", "1:1 merge-key"),
        ("\"<<\": {a: b}\n", "1:1 merge-key"),
        ("? a\n: b\n", "1:1 complex-key"),
        ("{a: b}: c\n", "1:1 complex-key"),
        ("a: b\n\"\\x61\": c\n", "2:1 duplicate-key"),
        ("a: {b: c, 'b': d}\n", "1:11 duplicate-key"),
        ("a: b\n---\nc: d\n", "2:1 several-documents"),
        ("a: b\n...\n", "2:1 document-marker"),
        ("...\na: b\n", "1:1 document-marker"),
        ("--- {a: b}\n", "1:1 document-marker"),
        ("a:\n", "1:2 null"),
        ("a: ~\n", "1:4 null"),
        ("a: NULL\n", "1:4 null"),
        ("a: yes\n", "1:4 quote-this"),
        ("a: True\n", "1:4 quote-this"),
        ("a: 010\n", "1:4 quote-this"),
        ("a: +1\n", "1:4 quote-this"),
        ("a: -0\n", "1:4 quote-this"),
        ("a: 1_000\n", "1:4 quote-this"),
        ("a: 1e3\n", "1:4 quote-this"),
        ("a: 1.0\n", "1:4 quote-this"),
        ("a: .INF\n", "1:4 quote-this"),
        ("a: -.inf\n", "1:4 quote-this"),
        ("a: 9223372036854775808\n", "1:4 quote-this"),
        ("a: 2001-01-01\n", "1:4 quote-this"),
        ("a: 1:30\n", "1:4 quote-this"),
        ("a: =\n", "1:4 quote-this"),
        ("1: b\n", "1:1 quote-this"),
        ("true: b\n", "1:1 quote-this"),
        ("a: b\n  c\n", "1:4 layout"),
        ("a: \"\\e\"\n", "1:4 layout"),
        ("a: \"\\/\"\n", "1:4 layout"),
        ("a: \"\\uD800\"\n", "1:4 syntax"),
        ("a: \"\\0\"\n", "1:4 layout"),
        ("a: \"\\x85\"\n", "1:4 hidden-character"),
        ("a: |1\n  b\n", "1:4 layout"),
        ("a: [b: c]\n", "1:5 layout"),
        ("a: {b?c: d}\n", "1:5 layout"),
        ("\"\": b\n", "1:1 layout"),
        ("b\n", "1:1 wrong-type"),
    ] {
        let found = found(text.as_bytes());
        assert!(found.contains(&expected.to_owned()), "{text:?}: {found:?}");
    }
}

#[test]
fn plain_yaml_is_accepted() {
    for text in [
        "a: b\n",
        "---\na: b\n",
        "# c\n---\n# d\na: b # e\n",
        "a: [b, {c: d}, 'e', \"f\\n\"]\n",
        "a: \"\"\n",
        "- a\n- b: c\n  d: e\n",
        "{\"a\":1, \"b\": [true]}\n",
        "a: |\n  b\n   c\n\n  d\ne: >-  # f\n  g\n",
        "a: 50%\nb: 2GiB\nc: 10.0.0.0/24\nd: a.b\n",
        "a: é\n",
        "a:\n- b\n- c\n",
        "a: {}\nb: []\n",
        "\"a: b\": 'it''s'\n",
        "a: -1\nb: 0\nc: 9223372036854775807\n",
        "a b: c d\n",
    ] {
        assert_eq!(found(text.as_bytes()), <[&str; 0]>::default(), "{text:?}");
    }
}

#[test]
fn limits() {
    let long = format!("a: {}\n", "x".repeat(MAX_BYTES));
    assert_eq!(found(long.as_bytes()), ["1:1 too-large"]);
    let deep = |levels| format!("{}a{}\n", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(found(deep(MAX_DEPTH).as_bytes()), <[&str; 0]>::default());
    assert_eq!(found(deep(MAX_DEPTH + 1).as_bytes()), [format!("1:{} too-deep", MAX_DEPTH + 1)]);
    assert_eq!(found(deep(20_000).as_bytes()), [format!("1:{} too-deep", MAX_DEPTH + 1)]);
    let many = format!("[{}b]\n", "a,".repeat(MAX_NODES));
    assert_eq!(found(many.as_bytes()).len(), 1);
    let duplicates = "a: b\n".repeat(10_000);
    assert_eq!(found(duplicates.as_bytes()).len(), 100);
    let tabs = "\t".repeat(10_000) + "\n";
    assert_eq!(found(tabs.as_bytes()).len(), 100);
}

#[test]
fn a_problem_says_where_what_and_what_to_do() {
    let problems = yaml::parse("dir/\u{1b}f.yaml", b"a:\n  b: yes\n").unwrap_err();
    let expected = "dir/\\u{1b}f.yaml:2:6: \"yes\" can be taken for true or false\n  help: quote this";
    assert_eq!(problems[0].to_string(), expected);
    let (source, span) = (&problems[0].place.source.text, problems[0].place.span);
    assert_eq!(&source[span.start..span.end], "yes");
}

#[test]
fn keys_and_values_know_where_they_are() {
    let text = "é: 'x'\nb:\n  - c: \"d\"\n";
    let document = yaml::parse("f", text.as_bytes()).unwrap();
    let root = document.root_mapping().unwrap();
    let shown = |span: yaml::Span| (span.line, span.column, &text[span.start..span.end]);
    assert_eq!(shown(root.entries[0].key.span), (1, 1, "é"));
    assert_eq!(shown(root.entries[0].value.span), (1, 4, "'x'"));
    let list = document.sequence(root.get("b").unwrap()).unwrap();
    assert_eq!(shown(list[0].span), (3, 5, "c: \"d\""));
    let inner = document.mapping(&list[0]).unwrap().entry("c").unwrap();
    assert_eq!((shown(inner.key.span), shown(inner.value.span)), ((3, 5, "c"), (3, 8, "\"d\"")));
}

#[test]
fn files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    std::fs::write(&path, "a: b\n").unwrap();
    assert_eq!(yaml::parse_file(&path).unwrap().source.text, "a: b\n");
    std::fs::write(&path, "a: yes\n").unwrap();
    let error = yaml::parse_file(&path).unwrap_err().to_string();
    assert!(error.contains("a.yaml:1:4: \"yes\" can be taken"), "{error}");
    let error = yaml::parse_file(directory.path()).unwrap_err().to_string();
    assert!(error.ends_with("it is not a regular file"), "{error}");
    let pipe = directory.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert!(matches!(yaml::parse_file(&pipe), Err(yaml::FileError::NotRegular { .. })));
    assert!(matches!(yaml::parse_file(&directory.path().join("no")), Err(yaml::FileError::Io { .. })));
}
