//! What must hold for every document.

use std::time::Duration;

use podclaw::lint::{Input, Kind, Report, Request, lint};
use podclaw::profile::{DEFAULT_STACK, Limits};
use rustix::time::{ClockId, clock_gettime};

use super::always;
use super::mutate::Document;
use super::oracle;

/// What came of one document.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How long a processor was busy with judging it once.
    pub(crate) time: Duration,
    /// Whether lint lets it pass.
    pub(crate) accepted: bool,
    /// Whether it is a profile that lint lets pass on a whole stack, so that the second judge had a look.
    pub(crate) merged: bool,
    /// What another YAML parser has to read from it, where ours accepts it.
    pub(crate) reading: Option<serde_json::Value>,
}

/// Judges a document.
///
/// # Panics
/// When something does not hold.
pub(crate) fn check(document: &Document) -> Outcome {
    let start = busy();
    let report = judge(document);
    let time = busy().saturating_sub(start);
    // Large documents are there to be fast, and were looked at enough.
    if document.bytes.len() < 64 * 1024 {
        let again = judge(document);
        assert_eq!(format!("{report:?}"), format!("{again:?}"), "it is not judged the same way twice");
    }
    look_at_findings(&report);
    let accepted = !report.has_findings() && report.failures.is_empty();
    let merged = accepted && document.kind == Kind::Profile && !report.stacks.is_empty();
    if merged {
        let text = std::str::from_utf8(&document.bytes).expect("what is accepted is text");
        let dangers = oracle::dangers(&stack(document, text));
        assert!(dangers.is_empty(), "lint accepts {dangers:?}");
    }
    let is_yaml = matches!(document.kind, Kind::Profile | Kind::CloudConfig | Kind::LabFile | Kind::Openclaw);
    let reading = if is_yaml { always::check(&document.bytes) } else { None };
    Outcome { time, accepted, merged, reading }
}

fn judge(document: &Document) -> Report {
    let names = names(document).map(|names| names.into_iter().map(str::to_owned).collect());
    lint(&Request {
        inputs: vec![Input::Text { name: document.name.clone(), bytes: document.bytes.clone() }],
        stack: names,
        lab: podclaw::names::LabName::default(),
        lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
        lab_file: None,
        limits: Limits::default(),
        policy: None,
        today: jiff::civil::date(2026, 11, 22),
    })
}

/// A profile's short name.
fn stem(document: &Document) -> &str {
    let file = document.name.rsplit('/').next().unwrap_or_default();
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// The stack that a profile is judged in: the usual one, and the profile on top unless it is a part of that.
fn names(document: &Document) -> Option<Vec<&str>> {
    let is_part = DEFAULT_STACK.contains(&stem(document));
    let top = (!is_part).then(|| stem(document));
    (document.kind == Kind::Profile).then(|| DEFAULT_STACK.into_iter().chain(top).collect())
}

/// The texts of that stack.
fn stack<'a>(document: &Document, text: &'a str) -> Vec<&'a str> {
    let names = names(document).unwrap_or_default();
    let text_of = |name: &str| match name {
        _ if name == stem(document) => text,
        "guest" => include_str!("../../profiles/guest.yaml"),
        _ => include_str!("../../profiles/standard.yaml"),
    };
    names.into_iter().map(text_of).collect()
}

/// What is said can be shown, and is about a part of the text.
fn look_at_findings(report: &Report) {
    for finding in &report.findings {
        let shown = format!("{finding} {}", finding.remedy);
        assert!(!shown.contains(['\u{1b}', '\u{85}', '\u{2028}', '\u{202e}', '\r', '\0']), "{shown:?}");
        if let Some(place) = finding.place() {
            assert!(place.source.text.get(place.span.start..place.span.end).is_some(), "{finding}: {:?}", place.span);
        }
    }
}

/// How long this thread has kept a processor busy: what else the machine does is no fault of the document's.
fn busy() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
