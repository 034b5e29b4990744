//! `matrix.json` holds documents with what was decoded from them by Incus' three generations of decoders (`a`: up to
//! 6.0.5, `b`: 6.0.6, `c`: 7.0 and later) and by `PyYAML`, which reads cloud-init's data. `null` is an error.

use std::collections::BTreeMap;

use podclaw::yaml::{self, Document, Node};
use serde_json::{Value, json};

use super::always::typed;

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("matrix.json")).expect("the fixture is JSON")
}

/// A mapping of single values as Incus would store them; `None` if it is anything else.
fn strings(document: &Document, node: &Node) -> Option<BTreeMap<String, String>> {
    let mapping = document.mapping(node).ok()?;
    let pairs = mapping.entries.iter().map(|entry| {
        let value = document.scalar(&entry.value).ok()?;
        Some((entry.key.text.clone(), value.to_owned()))
    });
    pairs.collect()
}

fn config(document: &Document) -> Option<Value> {
    let mapping = document.root_mapping().ok()?;
    match mapping.get("config") {
        Some(node) => strings(document, node).map(|config| json!(config)),
        None => Some(json!({})),
    }
}

#[test]
fn what_is_accepted_reads_the_same_everywhere() {
    let mut accepted = 0;
    for case in cases() {
        let (name, text) = (case["name"].as_str().unwrap(), case["text"].as_str().unwrap());
        let Ok(document) = yaml::parse(name, text.as_bytes()) else { continue };
        accepted += 1;
        assert_eq!(typed(&document.root), case["pyyaml"], "{name}: PyYAML");
        for generation in ["a", "b", "c"] {
            let theirs = &case[generation];
            if theirs.is_null() {
                // The decoder refuses a type that the profile refuses too.
                assert!(podclaw::profile::Profile::from_document("x", &document).is_err(), "{name}: {generation}");
            } else if config(&document).is_some_and(|ours| ours != json!({}) || theirs["config"] != json!({})) {
                assert_eq!(config(&document), Some(theirs["config"].clone()), "{name}: {generation}");
            }
        }
    }
    // Refusing everything would be safe and useless.
    assert!(accepted >= 20, "only {accepted} were accepted");
}

#[test]
fn what_decoders_read_differently_is_refused() {
    let mut differing = 0;
    for case in cases() {
        let (name, text) = (case["name"].as_str().unwrap(), case["text"].as_str().unwrap());
        if case["a"] != case["b"] || case["b"] != case["c"] {
            differing += 1;
            assert!(yaml::parse(name, text.as_bytes()).is_err(), "{name}");
        }
    }
    assert!(differing >= 15, "the fixture lost its cases: {differing}");
}

#[test]
fn each_refusal_has_its_reason() {
    for case in cases() {
        let (name, text) = (case["name"].as_str().unwrap(), case["text"].as_str().unwrap());
        let mut codes: Vec<&str> = match yaml::parse(name, text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(|problem| problem.code.as_str()).collect(),
        };
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(json!(codes), case["refused"], "{name}");
    }
}
