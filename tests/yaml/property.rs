//! What always holds, on documents that are made up.

use podclaw::yaml;
use proptest::prelude::*;

use super::always::{check, quote};

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
