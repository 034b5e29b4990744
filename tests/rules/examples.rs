//! The examples of every rule.

use std::collections::BTreeSet;

use podclaw::rules::{Trial, catalogue};

use super::judge;

#[test]
fn every_example_is_what_it_says() {
    let mut wrong = Vec::new();
    for rule in catalogue::all() {
        for example in rule.examples {
            let stack: Option<&[&str]> = match example.trial {
                Trial::Alone => None,
                Trial::OnTop => {
                    let name = example.path.rsplit('/').next().and_then(|file| file.strip_suffix(".yaml")).unwrap();
                    Some(&["guest", "standard", name])
                }
            };
            let bad = judge(&[(example.path, example.bad)], stack);
            if !bad.findings.iter().any(|finding| finding.rule == rule.id) {
                wrong.push(format!("{}: the bad example is not found: {:?}", rule.id, bad));
            }
            if !example.good.is_empty() {
                let good = judge(&[(example.path, example.good)], stack);
                if good.has_findings() || !good.failures.is_empty() {
                    wrong.push(format!("{}: the good example is found: {:?}", rule.id, good));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_own_name() {
    let mut seen = BTreeSet::new();
    for rule in catalogue::all() {
        assert!(seen.insert(rule.id), "{} is there twice", rule.id);
        let plain = rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(plain && !rule.id.is_empty(), "{}", rule.id);
    }
}
