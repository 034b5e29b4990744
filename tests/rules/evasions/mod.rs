//! Ways to get past a judge, thought of by hand. None of them may pass, and each is caught by the rule that is meant to.

mod devices;
mod keys;
mod merging;
mod values;
mod yaml;

use std::collections::BTreeSet;

use podclaw::lint::{Input, Report, Request, lint};
use podclaw::profile::{DEFAULT_STACK, Limits};
use podclaw::rules::Severity;

/// A profile that tries something, on top of the shipped stack: what it tries, what it has below its description, the rule
/// that catches it, and what that rule says it is about.
type Try = (&'static str, &'static str, &'static str, &'static str);

/// A document that tries something with YAML itself: what it tries, its bytes, and the rule that catches it; `unreadable`
/// where it is no text at all.
type Document = (&'static str, &'static [u8], &'static str);

/// Several files that try something together: what they try, the files, the stack, and rule and subject as above.
type Together =
    (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str], &'static str, &'static str);

fn report(files: &[(&str, &[u8])], stack: &[&str]) -> Report {
    lint(&Request {
        inputs: files
            .iter()
            .map(|(name, bytes)| Input::Text { name: (*name).into(), bytes: (*bytes).into() })
            .collect(),
        stack: Some(stack.iter().map(|&name| name.into()).collect()),
        lab: "podclaw".parse().unwrap(),
        lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
        lab_file: None,
        limits: Limits::default(),
        policy: None,
        today: jiff::civil::date(2026, 11, 22),
    })
}

fn catches(report: &Report, rule: &str, subject: Option<&str>) -> bool {
    report.findings.iter().any(|finding| {
        finding.rule == rule
            && finding.severity == Severity::Error
            && subject.is_none_or(|subject| finding.subject == subject)
    })
}

fn said(report: &Report) -> String {
    let findings = report.findings.iter().map(|finding| format!("{} of {}", finding.rule, finding.subject));
    findings.chain(report.failures.iter().map(|failure| failure.reason.clone())).collect::<Vec<_>>().join(", ")
}

#[test]
fn no_try_passes() {
    let mut passed = Vec::new();
    for (name, body, rule, subject) in values::TRIES.iter().chain(keys::TRIES).chain(devices::TRIES) {
        let text = format!("description: a try\n{body}");
        // On top of the stack without being named a part of it, and as the last part of it.
        for stack in [&["guest", "standard"][..], &["guest", "standard", "evil"]] {
            let report = report(&[("profiles/evil.yaml", text.as_bytes())], stack);
            if !catches(&report, rule, Some(subject)) {
                passed.push(format!("{name} ({stack:?}): {rule} says nothing of {subject}, only {}", said(&report)));
            }
        }
        // Nor does it pass by itself, unless it is about what only the whole can tell.
        let alone = lint(&Request {
            inputs: vec![Input::Text { name: "evil.yaml".into(), bytes: text.into_bytes() }],
            stack: None,
            lab: "podclaw".parse().unwrap(),
            lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
            lab_file: None,
            limits: Limits::default(),
            policy: None,
            today: jiff::civil::date(2026, 11, 22),
        });
        if !catches(&alone, rule, Some(subject)) && !["missing-device", "second-disk"].contains(rule) {
            passed.push(format!("{name} (alone): {rule} says nothing of {subject}, only {}", said(&alone)));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[test]
fn no_document_passes() {
    let mut passed = Vec::new();
    for (name, bytes, rule) in yaml::DOCUMENTS {
        let report = report(&[("profiles/evil.yaml", bytes)], &["guest", "standard"]);
        let caught = if *rule == "unreadable" { !report.failures.is_empty() } else { catches(&report, rule, None) };
        if !caught {
            passed.push(format!("{name}: {rule} says nothing, only {}", said(&report)));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[test]
fn nothing_passes_together() {
    let mut passed = Vec::new();
    for (name, files, stack, rule, subject) in merging::TOGETHER {
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let report = report(&files, stack);
        if !catches(&report, rule, Some(subject)) {
            passed.push(format!("{name}: {rule} says nothing of {subject}, only {}", said(&report)));
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[test]
fn there_are_enough_and_none_is_there_twice() {
    let tries = values::TRIES.iter().chain(keys::TRIES).chain(devices::TRIES).map(|(name, ..)| *name);
    let documents = yaml::DOCUMENTS.iter().map(|(name, ..)| *name);
    let together = merging::TOGETHER.iter().map(|(name, ..)| *name);
    let all: Vec<_> = tries.chain(documents).chain(together).collect();
    let names: BTreeSet<_> = all.iter().collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() >= 200, "{}", all.len());
}
