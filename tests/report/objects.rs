//! Reports of `podclaw audit`: about objects of a daemon, which are in no file.

use podclaw::lint::{Failure, Judged, Report};
use podclaw::place::Origin;
use podclaw::report::{Look, github, human, json, junit};
use podclaw::rules::{Finding, Severity};
use serde_json::{Value, json};

use super::{HOSTILE, rule};

const PLAIN: Look = Look { width: None, quiet: false };

fn finding(object: &str, message: &str) -> Finding {
    Finding::new(rule("guest-api"), "config.security.guestapi", Origin::named(object.to_owned()), message.to_owned())
}

fn objects(findings: Vec<Finding>) -> Report {
    let judged = Judged::Objects(vec![("network", 1), ("guest", 6)]);
    Report { judged, findings, ..Report::default() }
}

/// The same of five guests, something that matters less, and something that could not be read.
fn everything() -> Report {
    let mut findings: Vec<_> = (1..=5).map(|n| finding(&format!("guest g{n}"), "it is on")).collect();
    let mut less = finding("bridge", "it is a little on").related(Origin::named("profile p"), "it comes from here");
    less.severity = Severity::Warning;
    findings.insert(0, less);
    findings.push(finding(HOSTILE, HOSTILE));
    let failures = vec![Failure { name: HOSTILE.into(), reason: HOSTILE.into() }];
    Report { failures, ..objects(findings) }
}

fn shown(report: &Report, look: Look) -> String {
    anstream::adapter::strip_str(&human(report, look)).to_string()
}

#[test]
fn what_is_found_alike_in_several_objects_is_said_once() {
    let text = shown(&everything(), PLAIN);
    let first = "error[guest-api]: a guest that can talk to the daemon\n \
                 --> guest g1, guest g2, guest g3, guest g4, 1 more: config.security.guestapi\n  \
                 = it is on\n  \
                 = help: set `security.guestapi` to `\"false\"`\n\n";
    assert!(text.starts_with(first), "{text}");
    let less =
        " --> bridge: config.security.guestapi\n  = it is a little on\n  = note: profile p: it comes from here\n";
    assert!(text.contains(less), "{text}");
    let end = "not judged: 7 objects judged (1 network, 6 guests): 6 errors, 1 warning, 1 not judged\n";
    assert!(text.contains(end), "{text}");
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}', '\u{0}']), "{text:?}");
}

#[test]
fn the_end_says_what_came_out() {
    assert_eq!(shown(&objects(Vec::new()), PLAIN), "passed: 7 objects judged (1 network, 6 guests): nothing found\n");
    let text = shown(&objects(vec![finding("guest g", "it is on")]), PLAIN);
    assert!(text.contains("\nfailed: 7 objects judged (1 network, 6 guests): 1 error\n"), "{text}");
    let mut note = finding("guest g", "it is on");
    note.severity = Severity::Note;
    assert_eq!(shown(&objects(vec![note]), Look { quiet: true, ..PLAIN }), "");
}

#[test]
fn json_counts_objects_by_kind() {
    let report = json(&everything());
    assert_eq!(report["objects"], json!({ "network": 1, "guest": 6 }));
    assert_eq!((&report["files"], &report["stacks"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&report["findings"][1]["origin"], &report["findings"][1]["location"]),
        (&json!("guest g1"), &Value::Null)
    );
}

#[test]
fn nothing_is_in_a_file() {
    let shown = github(&everything());
    assert_eq!(shown.lines().count(), 9, "{shown}");
    assert!(!shown.lines().any(|line| line.starts_with("::error file=") || line.contains(",file=")), "{shown}");
    assert!(shown.lines().last().is_some_and(|line| line.starts_with("podclaw audit: 7 objects judged (")), "{shown}");
    let xml = junit(&everything()).unwrap();
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.test_suites[0].name.as_str(), read.failures, read.errors), ("podclaw audit", 7, 1), "{xml}");
    let log = serde_json::to_value(podclaw::report::sarif(&everything())).unwrap();
    assert!(!log["runs"][0]["results"].to_string().contains("physicalLocation"));
    assert!(!log["runs"][0]["invocations"].to_string().contains("physicalLocation"));
    super::sarif::must_be_valid(&log);
}
