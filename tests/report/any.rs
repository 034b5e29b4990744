//! Any text, any place in it: no format fails, and none lets through what a terminal or a parser would obey.

use std::sync::Arc;

use podclaw::lint::{Judged, Report};
use podclaw::place::{Origin, Source};
use podclaw::report::{self, Look};
use podclaw::rules::Finding;
use proptest::prelude::*;

use super::rule;

/// Characters that have wrecked reports somewhere.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\r\n"),
        Just("\t"),
        Just("\u{1b}[31m"),
        Just("\u{202e}"),
        Just("\u{85}"),
        Just("\u{2028}"),
        Just("中"),
        Just("e\u{301}"),
        Just("👨\u{200d}👩"),
        Just("\u{feff}"),
        Just("\u{0}"),
        Just("a: b"),
        Just("::"),
        Just("]]>"),
        Just("%0A"),
        Just("long line "),
        Just("\u{10ffff}"),
        Just("\u{9b}2J"),
        Just("\\"),
        Just("…"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn finding(text: &str, (start, length): (usize, usize), (other, long): (usize, usize)) -> Finding {
    let source = Arc::new(Source { name: text.chars().take(20).collect(), text: text.into() });
    let second = Arc::new(Source { name: "b".into(), text: text.chars().rev().collect() });
    Finding::at(rule("yaml-untyped"), text, source.place(start..start + length), text)
        .remedy(text.to_owned())
        .related(Origin::File(source.place(other..other + long)), text)
        .related(Origin::File(second.place(other..other + long)), text)
        .fix(text.to_owned(), Vec::new())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_fails(text in text(), one in (0..300_usize, 0..90_usize), two in (0..300_usize, 0..90_usize), width in 1..200_usize) {
        let report = Report { judged: Judged::Files(1), findings: vec![finding(&text, one, two)], ..Report::default() };
        let human = report::human(&report, Look { width: Some(width), quiet: false });
        let human = anstream::adapter::strip_str(&human).to_string();
        let github = report::github(&report);
        prop_assert_eq!(github.lines().count(), 2);
        let junit = report::junit(&report).unwrap();
        prop_assert!(quick_junit::Report::deserialize_from_str(&junit).is_ok());
        let sarif = podclaw::text::escape_json(&serde_json::to_string(&report::sarif(&report)).unwrap());
        let json = podclaw::text::escape_json(&report::json(&report).to_string());
        for shown in [&human, &github, &junit, &sarif, &json] {
            let bad = shown.contains(['\u{1b}', '\u{202e}', '\u{85}', '\u{2028}', '\u{0}', '\u{9b}', '\r']);
            prop_assert!(!bad, "{:?}", shown);
        }
    }
}
