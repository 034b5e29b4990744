//! Waivers for objects of a daemon, as `audit` applies them.

use jiff::civil::date;
use podclaw::lint::{Report, waive_objects};
use podclaw::place::Origin;
use podclaw::rules::{Finding, catalogue};

use super::{BAD, REASON, judge, rules, waiver};

const OBJECT: &str = "the daemon's socket";
const KEY: &str = "socket.members.ada";

/// A waiver for what `found` finds, with some fields changed; an empty value leaves the field out.
fn of_object(changes: &[(&str, &str)]) -> String {
    let fields = [
        ("rule", "server-access"),
        ("object", OBJECT),
        ("file", ""),
        ("key", KEY),
        ("reason", REASON),
        ("owner", "Ada Lovelace"),
        ("expires", "2026-12-31"),
    ];
    let value = |name: &str, value| changes.iter().find(|change| change.0 == name).map_or(value, |change| change.1);
    let fields = fields.map(|(name, is)| (name, value(name, is)));
    let lines = fields.iter().filter(|(_, value)| !value.is_empty()).enumerate();
    let line = |(index, (name, value)): (usize, &(&str, &str))| {
        format!("{}{name}: \"{value}\"\n", if index == 0 { "- " } else { "  " })
    };
    lines.map(line).collect::<Vec<_>>().concat()
}

fn found(waivable: bool) -> Finding {
    let rule = catalogue::find("server-access").unwrap();
    let finding = Finding::new(rule, KEY, Origin::named(OBJECT), "she is as good as root");
    Finding { waivable, ..finding }
}

/// The report of an audit that found this, after waivers.
fn audited(waivers: &str, finding: Finding, failures: &[&str]) -> Report {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("waivers.yaml"), waivers).unwrap();
    let mut report = Report { findings: vec![finding], ..Report::default() };
    for name in failures {
        report.fail(*name, "the daemon does not say");
    }
    waive_objects(directory.path(), date(2026, 11, 22), true, &mut report);
    report
}

#[test]
fn what_somebody_answers_for_is_set_aside_until_a_day() {
    let report = audited(&of_object(&[]), found(true), &[]);
    assert_eq!((rules(&report), report.waived.len()), (vec![], 1), "{report:?}");
    assert_eq!((report.waived[0].reason.as_str(), report.waived[0].expires), (REASON, date(2026, 12, 31)));
    for (change, expected) in [
        (("expires", "2026-11-21"), "waiver-expired"),
        (("expires", "2027-02-21"), "waiver-too-wide"),
        (("reason", "TODO"), "waiver-unjustified"),
        (("object", "*"), "waiver-too-wide"),
        (("object", ""), "waiver-too-wide"),
        (("file", "profiles/guest.yaml"), "waiver-too-wide"),
        (("key", "socket.members.*"), "waiver-too-wide"),
        (("rule", "live-acl"), "waiver-too-wide"),
    ] {
        let report = audited(&of_object(&[change]), found(true), &[]);
        assert!(rules(&report).contains(&expected), "{change:?}: {:?}", rules(&report));
        assert!(rules(&report).contains(&"server-access") && report.waived.is_empty(), "{change:?}");
    }
    // Another object, another key, and no use for it.
    for change in [("object", "the daemon"), ("key", "socket.members.eve"), ("rule", "server-zone")] {
        let report = audited(&of_object(&[change]), found(true), &[]);
        assert_eq!((rules(&report), report.waived.len()), (vec!["waiver-unused", "server-access"], 0), "{change:?}");
    }
}

#[test]
fn what_cannot_be_judged_is_never_waived() {
    // The same rule finds what nobody may answer for.
    let report = audited(&of_object(&[]), found(false), &[]);
    assert_eq!((rules(&report), report.waived.len()), (vec!["waiver-unused", "server-access"], 0));
    let report = audited(&of_object(&[("object", "the guests"), ("key", "object")]), found(true), &["the guests"]);
    assert_eq!((report.failures.len(), report.waived.len()), (1, 0), "{report:?}");
    // And with a part that is not known, nor is it known which waiver is of use.
    assert_eq!(rules(&report), ["server-access"]);
}

#[test]
fn files_and_objects_have_waivers_of_their_own() {
    let both = format!("{}{}", of_object(&[]), waiver(("", "")));
    let linted = judge(&[BAD, ("policy/waivers.yaml", &both)], None);
    assert_eq!((rules(&linted), linted.waived.len()), (vec![], 1), "{linted:?}");
    let report = audited(&both, found(true), &[]);
    assert_eq!((rules(&report), report.waived.len()), (vec![], 1), "{report:?}");
    // An object of the name of a file is not the file.
    let named = waiver(("", "")).replace("file: \"profiles", "object: \"profiles");
    let linted = judge(&[BAD, ("policy/waivers.yaml", &named)], None);
    assert_eq!((rules(&linted), linted.waived.len()), (vec!["unknown-file"], 0), "{linted:?}");
}
