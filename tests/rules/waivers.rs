//! Waivers.

mod objects;

use jiff::civil::date;
use podclaw::lint::{Input, Report, Request, lint};
use podclaw::rules::Severity;

use super::judge;

const BAD: (&str, &str) = ("profiles/guest.bak", "description: forgotten\n");
const REASON: &str = "kept until the new profile has run for a week";

/// A waiver for the one finding of `BAD`, with a field changed; an empty value leaves the field out.
fn waiver(change: (&str, &str)) -> String {
    let fields = [
        ("rule", "unknown-file"),
        ("file", BAD.0),
        ("key", "file"),
        ("reason", REASON),
        ("owner", "Ada Lovelace"),
        ("expires", "2026-12-31"),
    ];
    let fields = fields.map(|(name, value)| (name, if name == change.0 { change.1 } else { value }));
    let lines = fields.iter().filter(|(_, value)| !value.is_empty()).enumerate();
    let line = |(index, (name, value)): (usize, &(&str, &str))| {
        format!("{}{name}: \"{value}\"\n", if index == 0 { "- " } else { "  " })
    };
    lines.map(line).collect::<Vec<_>>().concat()
}

fn judged(waivers: &str) -> Report {
    judge(&[BAD, ("policy/waivers.yaml", waivers)], None)
}

fn rules(report: &Report) -> Vec<&str> {
    report.findings.iter().filter(|finding| finding.counts()).map(|finding| finding.rule.as_ref()).collect()
}

#[test]
fn a_waiver_sets_aside_and_is_counted() {
    assert_eq!(rules(&judge(&[BAD], None)), ["unknown-file"]);
    let report = judged(&waiver(("", "")));
    assert_eq!(rules(&report), [""; 0]);
    assert!(!report.has_findings());
    assert_eq!(report.waived.len(), 1);
    let waived = &report.waived[0];
    assert_eq!((waived.reason.as_str(), waived.owner.as_str()), (REASON, "Ada Lovelace"));
    assert_eq!((waived.expires, waived.finding.rule.as_ref()), (date(2026, 12, 31), "unknown-file"));
}

#[test]
fn a_waiver_with_a_fault_waives_nothing_and_is_found() {
    for (field, value, expected) in [
        ("expires", "2026-11-21", "waiver-expired"),
        ("expires", "2027-02-21", "waiver-too-wide"),
        ("expires", "9999-12-31", "waiver-too-wide"),
        ("expires", "", "waiver-too-wide"),
        ("expires", "never", "waiver-too-wide"),
        ("expires", "2026-13-01", "waiver-too-wide"),
        ("expires", "2026-12-31T00:00:00", "waiver-too-wide"),
        ("expires", "+002026-12-31", "waiver-too-wide"),
        ("expires", "20261231", "waiver-too-wide"),
        ("key", "", "waiver-too-wide"),
        ("key", "*", "waiver-too-wide"),
        ("key", "fil*", "waiver-too-wide"),
        ("file", "", "waiver-too-wide"),
        ("file", "*", "waiver-too-wide"),
        ("file", "profiles/*", "waiver-too-wide"),
        ("file", "profiles/guest.ba?", "waiver-too-wide"),
        ("file", "profiles/[g]uest.bak", "waiver-too-wide"),
        ("file", "profiles/{guest}.bak", "waiver-too-wide"),
        ("file", "profiles/../profiles/guest.bak", "waiver-too-wide"),
        ("file", "./profiles/guest.bak", "waiver-too-wide"),
        ("file", "profiles//guest.bak", "waiver-too-wide"),
        ("file", "/profiles/guest.bak", "waiver-too-wide"),
        ("file", "profiles/", "waiver-too-wide"),
        ("rule", "*", "waiver-too-wide"),
        ("rule", "unknown-*", "waiver-too-wide"),
        ("rule", "symbolic-link", "waiver-too-wide"),
        ("rule", "secret-model-key", "waiver-too-wide"),
        ("rule", "waiver-expired", "waiver-too-wide"),
        ("rule", "own-rule-broken", "waiver-too-wide"),
        ("rule", "unknown-flie", "waiver-unknown-rule"),
        ("rule", "UNKNOWN-FILE", "waiver-unknown-rule"),
        ("rule", "own-nothing", "waiver-unknown-rule"),
        ("reason", "", "waiver-unjustified"),
        ("reason", "TODO", "waiver-unjustified"),
        ("reason", "we need it", "waiver-unjustified"),
        ("reason", "TODO: write a reason for this later", "waiver-unjustified"),
        ("reason", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "waiver-unjustified"),
        ("reason", "because because because because", "waiver-unjustified"),
        ("reason", "                                  ", "waiver-unjustified"),
        ("owner", "", "waiver-unjustified"),
        ("owner", "TBD", "waiver-unjustified"),
        ("owner", "nobody", "waiver-unjustified"),
        ("owner", " ? ", "waiver-unjustified"),
        ("rule", "", "yaml-field"),
    ] {
        let report = judged(&waiver((field, value)));
        assert!(rules(&report).contains(&"unknown-file"), "{field}: {value:?} waives");
        assert!(rules(&report).contains(&expected), "{field}: {value:?}: {:?}", rules(&report));
        assert!(report.waived.is_empty());
        assert!(report.findings.iter().filter(|found| found.rule != "unknown-file").all(|found| !found.waivable));
    }
}

#[test]
fn what_is_no_list_of_waivers_waives_nothing() {
    let good = waiver(("", ""));
    for (text, expected) in [
        (format!("waivers:\n{good}"), "yaml-field"),
        (format!("{good}  until: \"2027\"\n"), "yaml-field"),
        (format!("{good}- all\n"), "yaml-field"),
        (good.replace("\"2026-12-31\"", "2026-12-31"), "yaml-untyped"),
        (good.replace("\"file\"", "[file]"), "yaml-field"),
        (format!("{good}  key: \"other\"\n"), "yaml-ambiguous"),
        (good.trim_end().to_owned(), "yaml-ambiguous"),
    ] {
        let report = judged(&text);
        assert!(rules(&report).contains(&"unknown-file"), "{text}");
        assert!(rules(&report).contains(&expected), "{text}: {:?}", rules(&report));
    }
}

#[test]
fn only_the_one_thing_is_waived() {
    for change in [
        ("key", "file2"),
        ("key", "config.security.privileged"),
        ("file", "profiles/guest2.bak"),
        ("file", "guest.bak"),
        ("file", "policy/profiles/guest.bak"),
        ("rule", "openclaw-auth"),
    ] {
        let report = judged(&waiver(change));
        assert!(rules(&report).contains(&"unknown-file"), "{change:?}");
        assert!(report.waived.is_empty());
    }
    let other = ("other/guest.bak", BAD.1);
    let report = judge(&[BAD, other, ("policy/waivers.yaml", &waiver(("", "")))], None);
    assert_eq!(rules(&report), ["unknown-file"]);
    assert_eq!(report.findings[0].place().unwrap().source.name, "other/guest.bak");
}

#[test]
fn the_first_and_the_last_day_count() {
    for (day, holds) in [("2026-11-22", true), ("2027-02-20", true), ("2027-02-21", false), ("2026-11-21", false)] {
        assert_eq!(judged(&waiver(("expires", day))).waived.len() == 1, holds, "{day}");
    }
}

#[test]
fn two_for_the_same_thing_are_none() {
    let text = format!("{}{}", waiver(("", "")), waiver(("expires", "2026-12-01")));
    let report = judged(&text);
    assert_eq!(rules(&report), ["waiver-duplicate", "unknown-file"]);
    assert!(report.waived.is_empty());
}

#[test]
fn one_that_waives_nothing_is_found_where_its_file_is_judged_or_gone() {
    let unused = waiver(("key", "file2"));
    let report = judged(&unused);
    assert_eq!(rules(&report), ["waiver-unused", "unknown-file"]);
    assert_eq!(report.findings[0].severity, Severity::Warning);
    assert_eq!(report.findings[0].origin.to_string(), "policy/waivers.yaml:1:3");
    let only = |waivers: &str| judge(&[("policy/waivers.yaml", waivers)], None);
    assert_eq!(rules(&only(&waiver(("", "")))), ["waiver-unused"]);
    // This one is there, and was not judged.
    assert_eq!(rules(&only(&waiver(("file", "profiles/guest.yaml")))), [""; 0]);
}

#[test]
fn own_rules_can_be_waived_unless_they_say_otherwise() {
    let rule = "id: own-test\njudges: profile\nseverity: error\nsummary: a thing\nwhy: Because.\nremedy: remove it\n\
                condition: \"'user.bad' in config\"\nexamples:\n  bad: |\n    description: bad\n    config:\n      user.bad: \"1\"\n  \
                good: |\n    description: good\n";
    let waiver = waiver(("rule", "own-test")).replace(BAD.0, "profiles/x.yaml");
    let profile = ("profiles/x.yaml", "description: x\nconfig:\n  user.bad: \"1\"\n");
    let waived = |rule: &str| {
        let files = [profile, ("policy/rules/test.yaml", rule), ("policy/waivers.yaml", waiver.as_str())];
        let report = judge(&files, None);
        let found = rules(&report).contains(&"own-test");
        (report.waived.len(), found, rules(&report).contains(&"waiver-too-wide"))
    };
    assert_eq!(waived(rule), (1, false, false));
    assert_eq!(waived(&format!("{rule}waivable: false\n")), (0, true, true));
}

#[test]
fn waivers_that_come_from_elsewhere_waive_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        std::fs::write(at(name), text).unwrap();
    };
    write(BAD.0, BAD.1);
    write("policy/waivers.yaml", &waiver(("", "")));
    let run = |inputs: &[&str], policy: Option<&str>| {
        lint(&Request {
            inputs: inputs.iter().map(|name| Input::Path(at(name))).collect(),
            stack: None,
            lab: "podclaw".parse().unwrap(),
            lab_stack: vec!["guest".into()],
            lab_file: None,
            limits: podclaw::profile::Limits::default(),
            policy: policy.map(at),
            today: date(2026, 11, 22),
        })
    };
    // Named, among the files, and both: each time it holds, and is read once.
    for inputs in [&["profiles"][..], &["profiles", "policy"], &["."]] {
        let report = run(inputs, Some("policy"));
        assert_eq!((rules(&report), report.waived.len()), (vec![], 1), "{inputs:?}: {report:?}");
    }
    let report = run(&["."], Some("other"));
    assert_eq!(rules(&report), ["waiver-too-wide", "unknown-file"]);
    assert!(report.waived.is_empty());

    // What is of no use is said where the waivers are judged themselves.
    std::fs::remove_file(at(BAD.0)).unwrap();
    write("profiles/a.yaml", "description: x\n");
    assert_eq!(rules(&run(&["profiles/a.yaml"], Some("policy"))), [""; 0]);
    assert_eq!(rules(&run(&["profiles/a.yaml", "policy"], Some("policy"))), ["waiver-unused"]);

    // A rule that nobody can read is not passed over.
    write("policy/rules/a.txt", "x\n");
    std::os::unix::fs::symlink("a.txt", at("policy/rules/b.yaml")).unwrap();
    assert_eq!(run(&["profiles/a.yaml"], Some("policy")).failures.len(), 2);
}
