//! The examples of every rule, the places where rules are kept, and the pages that are made of both.

use std::collections::BTreeSet;
use std::path::Path;

use podclaw::lint::example;
use podclaw::rules::catalogue;

/// Rules that no text can break, and where they are tried instead.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[
    ("symbolic-link", "a link is no text: tests/cli/lint.rs, symbolic_links_are_not_followed"),
    ("waiver-unused", "it needs a second file: tests/rules/waivers.rs, waivers_that_come_from_elsewhere_waive_nothing"),
];

/// Rules that no daemon of the tests can be brought to break, and why.
const MADE_UP_ONLY: &[(&str, &str)] = &[
    ("server-firewall", "a daemon on a kernel without nftables"),
    ("server-kind", "an LXD"),
    ("server-overlay", "the daemon takes the address of a controller only if one answers"),
    ("server-unknown-key", "a newer Incus"),
    ("server-view", "a daemon that podclaw may not see all of"),
];

#[test]
fn every_example_is_what_it_says() {
    let mut wrong = Vec::new();
    for rule in catalogue::all() {
        for tried in rule.examples {
            let bad = example(tried, tried.bad);
            if !bad.findings.iter().any(|finding| finding.rule == rule.id) {
                wrong.push(format!("{}: the bad example is not found: {bad:?}", rule.id));
            }
            if !tried.good.is_empty() {
                let good = example(tried, tried.good);
                // What is open in a profile by itself is nothing that an example could do anything about.
                let found: Vec<_> =
                    good.findings.iter().filter(|finding| finding.rule != "open-requirements").collect();
                if !found.is_empty() || !good.failures.is_empty() {
                    wrong.push(format!("{}: the good example is found: {found:?} {:?}", rule.id, good.failures));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_an_example_or_a_reason() {
    let without: BTreeSet<_> = catalogue::all().filter(|rule| rule.examples.is_empty()).map(|rule| rule.id).collect();
    let listed = WITHOUT_EXAMPLE.iter().map(|(id, _)| *id);
    let listed: BTreeSet<_> = listed.chain(catalogue::of_the_daemon().map(|rule| rule.id)).collect();
    assert_eq!(without, listed);
}

/// A rule that judges a daemon is seen to find something on a real one: its name is in a test there. What no daemon of the
/// tests can be brought to is found in facts that are made up.
#[test]
fn every_rule_of_the_daemon_is_tried_on_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut real, mut made_up) = (String::new(), String::new());
    rust_files(&root.join("tests/incus"), &mut |text| real.push_str(text));
    rust_files(&root.join("tests/rules"), &mut |text| made_up.push_str(text));
    for id in catalogue::of_the_daemon().map(|rule| rule.id) {
        let is_in = |tests: &str| tests.contains(&format!("\"{id}\"")) || tests.contains(&format!("\"{id} "));
        match MADE_UP_ONLY.iter().find(|(rule, _)| *rule == id) {
            None => assert!(is_in(&real), "no test in tests/incus finds anything by {id}"),
            Some(_) => assert!(!is_in(&real) && made_up.matches(&format!("\"{id}\"")).count() > 1, "{id}"),
        }
    }
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

/// A rule that is written and not registered judges nothing, and nobody would notice.
#[test]
fn every_rule_that_is_written_is_registered() {
    let mut ids = BTreeSet::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules"), &mut |text| {
        for (at, _) in text.match_indices(": Rule = Rule {") {
            let id = text[at..].split("id: \"").nth(1).and_then(|rest| rest.split('"').next());
            ids.insert(id.unwrap().to_owned());
        }
    });
    assert!(ids.len() > 5, "the rules are written otherwise than this test expects: {ids:?}");
    assert_eq!(ids, catalogue::all().map(|rule| rule.id.to_owned()).collect());
}

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == podclaw::report::page(), "docs/rules.md is stale: run `make docs`");
}

fn rust_files(directory: &Path, each: &mut dyn FnMut(&str)) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
