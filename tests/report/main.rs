//! Reports in every format, of findings that are as hostile as a file and its name can be.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod any;
mod github;
mod human;
mod json;
mod junit;
mod objects;
mod sarif;
mod secrets;

use std::sync::Arc;

use podclaw::lint::{Failure, Judged, Report, Waived};
use podclaw::place::{Origin, Source};
use podclaw::rules::{Edit, Finding, catalogue};

/// A name that would begin a command of GitHub's, leave an XML attribute and obey a terminal.
const HOSTILE: &str = "a%0A::set-output b,c:d\r\n::error file=x::y\u{1b}[2J\u{202e}\"><&]]>\u{0}";

fn rule(id: &str) -> &'static podclaw::rules::Rule {
    catalogue::find(id).expect("a rule")
}

/// A finding at the first place where `part` is.
fn finding(name: &str, text: &str, part: &str) -> Finding {
    let source = Arc::new(Source { name: name.into(), text: text.into() });
    let at = text.find(part).expect("it is there");
    Finding::at(rule("yaml-untyped"), "yaml.quote-this", source.place(at..at + part.len()), format!("{part:?} is bad"))
}

/// Something of everything that a report can have.
fn everything() -> Report {
    let text = "config:\n  ä.b: yes\n  c: no\n";
    let plain = finding("profiles/a.yaml", text, "yes");
    let other = Arc::new(Source { name: "profiles/guest.yaml".into(), text: "config:\n  ä.b: first\n".into() });
    let fixed = finding("profiles/a.yaml", text, "no")
        .fix("quote the value", vec![edit(25, "\""), edit(27, "\"")])
        .related(Origin::File(other.place(16..21)), "it is set here first")
        .related(Origin::named("the instance"), "it is set again");
    let mut note = finding("profiles/b.yaml", "a: b\n", "b");
    note.severity = podclaw::rules::Severity::Note;
    note.rule = "somebodys-own-rule".into();
    let named = Finding::new(rule("yaml-field"), "limits", Origin::named("the lab file's limits"), "too large");
    let hostile = finding(HOSTILE, "a: \u{1b}]0;x\u{7}\u{202e}y\u{85}z\n", "y");
    Report {
        judged: Judged::Files(3),
        stacks: vec![vec!["guest".into(), "standard".into()]],
        findings: vec![plain, fixed, note, named, hostile],
        waived: vec![Waived {
            finding: finding("profiles/w.yaml", "x: on\n", "on"),
            reason: "a test, \u{1b}[31mred".into(),
            owner: "somebody".into(),
            expires: jiff::civil::date(2026, 12, 24),
        }],
        own_rules: Vec::new(),
        failures: vec![Failure { name: HOSTILE.into(), reason: "it is not UTF-8 text".into() }],
    }
}

fn edit(at: usize, text: &str) -> Edit {
    Edit { bytes: at..at, text: text.into() }
}
