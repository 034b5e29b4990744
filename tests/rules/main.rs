//! The rules: what each finds, what none may find, and what nobody may talk round.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod apparmor;
mod cloud_config;
mod evasions;
mod examples;
mod lab_file;
mod live;
mod mutated;
mod openclaw;
mod own;
mod packages;
mod policy;
mod profiles;
mod quadlet;
mod secrets;
mod server;
mod shell;
mod template;
mod waivers;

use podclaw::lint::{Input, Report, Request, lint};
use podclaw::profile::{DEFAULT_STACK, Limits};

/// Judges texts by their names, with an optional stack of profiles.
fn judge(files: &[(&str, &str)], stack: Option<&[&str]>) -> Report {
    let input = |(name, text): &(&str, &str)| Input::Text { name: (*name).into(), bytes: text.as_bytes().into() };
    lint(&Request {
        inputs: files.iter().map(input).collect(),
        stack: stack.map(|names| names.iter().map(|&name| name.into()).collect()),
        lab: "podclaw".parse().unwrap(),
        lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
        lab_file: None,
        limits: Limits::default(),
        policy: None,
        today: jiff::civil::date(2026, 11, 22),
    })
}

/// The rules that find something in one file that is judged alone, each once.
fn found(name: &str, text: &str) -> Vec<String> {
    let report = judge(&[(name, text)], None);
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    let mut rules: Vec<_> =
        report.findings.iter().filter(|finding| finding.counts()).map(|finding| finding.rule.to_string()).collect();
    rules.sort();
    rules.dedup();
    rules
}
