//! The parts of a run, without the program around them: what a change of one of them is worth.

use std::time::Duration;

use podclaw::lint::{Input, Request, lint};
use podclaw::profile::{DEFAULT_STACK, Library, Limits, Profile};
use podclaw::yaml;
use serde_json::{Value, json};

use super::common::measure::call;
use super::common::section::Table;
use super::corpus;

/// How many files a call has, where one alone is too fast to be measured.
const FILES: u32 = 1000;
const ROUNDS: usize = 15;

/// What was measured: each part with the time for one file.
#[derive(Debug)]
pub(crate) struct Inside(Vec<(&'static str, Duration)>);

/// Measures each part.
pub(crate) fn measure() -> Inside {
    println!("the parts of it");
    let texts: Vec<String> = (2..2 + FILES as usize).map(corpus::profile).collect();
    let parse = call(ROUNDS, || texts.iter().filter(|text| yaml::parse("a.yaml", text.as_bytes()).is_ok()).count());
    let documents: Vec<_> = texts.iter().filter_map(|text| yaml::parse("a.yaml", text.as_bytes()).ok()).collect();
    assert_eq!(documents.len(), texts.len(), "the profiles are documents");
    let read = call(ROUNDS, || documents.iter().filter(|it| Profile::from_document("a", it).is_ok()).count());
    let alone = request(&texts[..1]);
    let one = call(ROUNDS * 10, || lint(&alone));
    let many = request(&texts);
    let all = call(ROUNDS, || lint(&many));
    let built_in = call(ROUNDS, || Library::built_in().is_ok());
    Inside(vec![
        ("text to tree", parse / FILES),
        ("tree to profile", read / FILES),
        ("lint, 1,000 files at once, on the usual stack", all / FILES),
        ("lint, one file alone, on the usual stack", one),
        ("the built-in profiles, once", built_in),
    ])
}

/// The profiles on top of the usual stack, which is compiled in.
fn request(texts: &[String]) -> Request {
    let shipped = Library::built_in().expect("the built-in profiles are fine");
    let stack = DEFAULT_STACK.map(str::to_owned).to_vec();
    assert!(stack.iter().all(|name| shipped.get(name).is_ok()), "the usual stack is compiled in");
    let input = |(number, text): (usize, &String)| Input::Text {
        name: format!("profiles/guest-{number}.yaml"),
        bytes: text.as_bytes().into(),
    };
    Request {
        inputs: texts.iter().enumerate().map(input).collect(),
        stack: Some(stack.clone()),
        lab: podclaw::names::LabName::default(),
        lab_stack: stack,
        lab_file: None,
        limits: Limits::default(),
        policy: None,
        today: jiff::civil::date(2026, 1, 1),
    }
}

impl Inside {
    /// For people.
    pub(crate) fn table(&self) -> Table {
        let row =
            |(name, time): &(&str, Duration)| vec![(*name).to_owned(), format!("{:.1}", time.as_secs_f64() * 1e6)];
        Table { head: vec!["Part", "µs a file"], rows: self.0.iter().map(row).collect() }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        self.0.iter().map(|(name, time)| ((*name).to_owned(), json!(time.as_secs_f64() * 1e6))).collect()
    }
}
