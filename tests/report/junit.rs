//! `JUnit` XML.

use podclaw::lint::{Judged, Report};
use podclaw::report::junit;
use quick_junit::Report as Document;

use super::everything;

#[test]
fn it_can_be_read_back_whatever_the_names_are() {
    let xml = junit(&everything()).unwrap();
    let read = Document::deserialize_from_str(&xml).unwrap();
    let suites: Vec<_> = read.test_suites.iter().map(|suite| (suite.name.as_str(), suite.tests)).collect();
    assert_eq!(suites[0], ("podclaw lint", 1));
    assert_eq!(suites.len(), 6, "{suites:?}");
    assert!(suites.contains(&("profiles/a.yaml", 2)), "{suites:?}");
    assert_eq!((read.tests, read.failures, read.errors), (8, 4, 1), "{xml}");
    let legal = |c: char| matches!(c, '\n' | '\t' | ' '..='\u{7e}' | '\u{a0}'..);
    assert!(xml.chars().all(legal), "{xml}");
}

#[test]
fn a_run_that_finds_nothing_has_a_case() {
    let read =
        Document::deserialize_from_str(&junit(&Report { judged: Judged::Files(2), ..Report::default() }).unwrap())
            .unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (1, 0, 0));
}
