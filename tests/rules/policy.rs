//! The policy's data: it is whole, it names only rules and threats that there are, and what it denies is found.

use std::collections::{BTreeMap, BTreeSet};

use podclaw::policy::{self, Bringer, Constraint, Keys, Policy, Row, Verdict};
use podclaw::profile::{Effective, Layer};
use podclaw::rules::{Severity, catalogue, profile};

use super::judge;

fn policy() -> &'static Policy {
    Policy::read().expect("the built-in policy is read without a problem");
    Policy::built_in()
}

/// All rows with the name that the policy gives them.
fn rows() -> Vec<(String, &'static Row)> {
    let policy = policy();
    let of = |what: &str, keys: &'static Keys| {
        let what = what.to_owned();
        keys.iter().map(move |(name, row)| (format!("{what} {name}"), row)).collect::<Vec<_>>()
    };
    let mut rows = of("config", &policy.config);
    rows.extend(of("type", &policy.types));
    rows.extend(of("nictype", &policy.nictypes));
    rows.extend(policy.devices.iter().flat_map(|(kind, keys)| of(&format!("{kind} key"), keys)));
    rows
}

/// What is known, as the policy would be asked: `NAME` and `*` stand for any text.
fn known() -> Vec<Vec<&'static str>> {
    let lines = include_str!("known-keys.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split(' ').collect()).collect()
}

#[test]
fn it_has_a_verdict_for_all_that_incus_and_lxd_accept() {
    let policy = policy();
    let mut without = Vec::new();
    for words in known() {
        let name = |word: &str| example(word).replace("NAME", "some");
        let row = match words.as_slice() {
            ["config", key] => policy.config.get(&name(key)),
            ["type", kind] => policy.types.get(kind),
            ["nictype", kind] => policy.nictypes.get(kind),
            // That a card has a type of its own is judged by the type.
            ["device", "nic", "nictype"] => continue,
            ["device", kind, key] => policy.devices.get(*kind).and_then(|keys| keys.get(&name(key))),
            _ => panic!("{words:?}"),
        };
        if row.is_none() {
            without.push(words.join(" "));
        }
    }
    assert!(without.is_empty(), "{}", without.join("\n"));
    assert!(known().len() > 400, "{}", known().len());
}

/// Every spelling of a word in capital and small letters.
fn spellings(word: &str) -> Vec<String> {
    (0..1_u32 << word.len())
        .map(|capitals| {
            let letters = word.bytes().enumerate().map(|(at, b)| match capitals >> at & 1 {
                0 => char::from(b.to_ascii_lowercase()),
                _ => char::from(b.to_ascii_uppercase()),
            });
            letters.collect()
        })
        .collect()
}

#[test]
fn truth_is_read_as_incus_reads_it() {
    let lab = "podclaw".parse().unwrap();
    let is_fine = |key: &str, value: &str| {
        let config = [(key.to_owned(), value.to_owned())].into();
        let reported = Effective::reported(&Layer { config, ..Layer::default() });
        let subject = format!("config.{key}");
        !profile::effective(&reported, &lab).iter().any(|finding| finding.subject == subject)
    };
    let truths: Vec<_> = ["true", "1", "yes", "on"].iter().flat_map(|word| spellings(word)).collect();
    let lies: Vec<_> = ["false", "0", "no", "off"].iter().flat_map(|word| spellings(word)).collect();
    let neither = [
        "t",
        "f",
        "y",
        "n",
        "enabled",
        "true ",
        " true",
        "true\t",
        "false ",
        "ｔｒｕｅ",
        "2",
        "-1",
        "01",
        "nO\u{200b}",
    ];
    let mut count = 0;
    for (key, row) in policy().config.iter() {
        let (when_true, when_false) = match row.must {
            Some(Constraint::True) => (true, false),
            Some(Constraint::False) => (false, true),
            Some(Constraint::Bool) => (true, true),
            _ => continue,
        };
        for value in &truths {
            assert_eq!(is_fine(&key, value), when_true, "{key}: {value:?}");
        }
        for value in &lies {
            assert_eq!(is_fine(&key, value), when_false, "{key}: {value:?}");
        }
        for value in neither {
            assert!(!is_fine(&key, value), "{key}: {value:?}");
        }
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[test]
fn it_names_only_rules_and_threats_that_there_are() {
    let rules: BTreeMap<_, _> = profile::RULES.iter().map(|rule| (rule.id, *rule)).collect();
    for (name, row) in rows() {
        let rule = rules.get(row.rule.as_str()).unwrap_or_else(|| panic!("{name}: there is no rule {}", row.rule));
        assert!(rule.threats.contains(&row.threat.as_str()), "{name}: {} does not serve {}", row.rule, row.threat);
        let waivable = row.verdict == Verdict::DenyUnlessWaived;
        assert!(!waivable || rule.waivable, "{name}: {} cannot be waived", row.rule);
        assert!(!row.reason.is_empty() && !row.reason.ends_with('.'), "{name}: {}", row.reason);
    }
}

#[test]
fn every_rule_of_profiles_is_used() {
    let used: BTreeSet<_> = rows().into_iter().map(|(_, row)| row.rule.clone()).collect();
    // These are about what is not there, or is written in a way that no key is.
    let whole = [
        "missing-limit",
        "missing-device",
        "second-disk",
        "unknown-key",
        "line-break",
        "empty-value",
        "open-requirements",
    ];
    for rule in profile::RULES {
        assert!(used.contains(rule.id) || whole.contains(&rule.id), "{} is not used", rule.id);
    }
}

#[test]
fn every_type_that_is_not_denied_has_keys() {
    let policy = policy();
    for (name, row) in policy.types.iter() {
        assert!(policy.devices.contains_key(&name), "{name}");
        assert_eq!(
            policy.devices[&name].get("type").map(|row| row.verdict == Verdict::Deny),
            Some(row.verdict == Verdict::Deny)
        );
    }
}

/// A name that a pattern stands for.
fn example(name: &str) -> String {
    name.strip_suffix('*').map_or_else(|| name.to_owned(), |prefix| format!("{prefix}example"))
}

/// Whether the shipped stack with one more profile has an error of a rule, about a subject, at a line.
#[track_caller]
fn is_found(text: &str, rule: &str, subject: &str, line: usize) {
    let report = judge(&[("profiles/extra.yaml", text)], Some(&["guest", "standard", "extra"]));
    assert!(report.failures.is_empty(), "{text}: {:?}", report.failures);
    let hit = report.findings.iter().any(|finding| {
        finding.rule == rule
            && finding.subject == subject
            && finding.severity == Severity::Error
            && finding
                .place()
                .is_some_and(|place| place.span.line == line && place.source.name == "profiles/extra.yaml")
    });
    assert!(hit, "{text}: no {rule} about {subject} in line {line}: {:#?}", report.findings);
}

#[test]
fn every_denied_config_key_is_found_at_its_line() {
    let mut count = 0;
    for (name, row) in policy().config.iter().filter(|(_, row)| row.denies()) {
        let key = example(&name);
        // `true` is what a key with a constraint would be denied for.
        is_found(&format!("description: x\nconfig:\n  {key}: \"true\"\n"), &row.rule, &format!("config.{key}"), 3);
        count += 1;
    }
    assert!(count > 130, "{count}");
}

#[test]
fn every_denied_device_type_is_found_at_its_line() {
    let mut count = 0;
    for (kind, row) in policy().types.iter().filter(|(_, row)| row.denies()) {
        is_found(&format!("description: x\ndevices:\n  new:\n    type: {kind}\n"), &row.rule, "devices.new", 4);
        // Also in the place of a device that is vetted.
        is_found(&format!("description: x\ndevices:\n  eth0:\n    type: {kind}\n"), &row.rule, "devices.eth0", 4);
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn every_denied_device_key_is_found_at_its_line() {
    let mut count = 0;
    for (kind, keys) in &policy().devices {
        for (name, row) in keys.iter().filter(|(name, row)| row.denies() && name != "type") {
            let key = example(&name);
            let text = format!("description: x\ndevices:\n  new:\n    type: {kind}\n    {key}: \"1\"\n");
            if policy().types.get(kind).is_some_and(Row::denies) {
                let report = judge(&[("profiles/extra.yaml", &text)], Some(&["guest", "standard", "extra"]));
                let found = report.findings.iter().find(|finding| finding.subject == "devices.new").unwrap();
                let places: Vec<_> = found.related.iter().map(|related| related.origin.to_string()).collect();
                assert!(places[0].starts_with("profiles/extra.yaml:5:"), "{text}: {places:?}");
                assert_eq!(found.related[0].message, format!("its key `{key}`"));
            } else {
                is_found(&text, &row.rule, &format!("devices.new.{key}"), 5);
            }
            count += 1;
        }
    }
    assert!(count > 160, "{count}");
}

#[test]
fn every_denied_type_of_network_card_is_found_at_its_line() {
    let mut count = 0;
    for (name, row) in policy().nictypes.iter() {
        assert!(row.denies(), "{name}");
        let text =
            format!("description: x\ndevices:\n  eth0:\n    type: nic\n    network: podclawbr0\n    nictype: {name}\n");
        is_found(&text, &row.rule, "devices.eth0.nictype", 6);
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn what_the_policy_does_not_know_is_found() {
    is_found("description: x\nconfig:\n  new.key: \"1\"\n", "unknown-key", "config.new.key", 3);
    is_found("description: x\ndevices:\n  a:\n    type: new\n", "unknown-key", "devices.a", 4);
    is_found("description: x\ndevices:\n  a:\n    type: disk\n    new: \"1\"\n", "unknown-key", "devices.a.new", 5);
    is_found(
        "description: x\ndevices:\n  a:\n    type: nic\n    nictype: new\n",
        "unknown-key",
        "devices.a.nictype",
        5,
    );
}

#[test]
fn a_key_of_which_no_value_is_right_is_not_among_the_constrained() {
    // What a family stands for must not be reached by the family's bare name.
    for bare in ["user.", "environment.", "raw.", "volatile.", "image."] {
        assert!(policy().config.get(bare).is_none(), "{bare}");
    }
}

#[test]
fn who_brings_a_value_counts() {
    let row = |key| policy().config.get(key).unwrap();
    assert!(!row("volatile.uuid").may_come_from(Bringer::Instance));
    assert!(row("volatile.uuid").may_come_from(Bringer::Daemon));
    assert!(!row("cloud-init.user-data").may_come_from(Bringer::Profile));
    assert!(row("cloud-init.user-data").may_come_from(Bringer::Instance));
    assert!(row("user.podclaw.state").may_come_from(Bringer::Daemon));
    assert!(row("limits.cpu").may_come_from(Bringer::Profile));
}

#[test]
fn every_threat_has_a_rule_and_every_rule_a_threat() {
    let threats = policy::threats().expect("the built-in threats are read without a problem");
    let ids: BTreeSet<_> = threats.iter().map(|threat| threat.id.as_str()).collect();
    assert_eq!(ids.len(), threats.len(), "a threat is there twice");
    for rule in catalogue::all() {
        assert!(!rule.threats.is_empty(), "{} serves no threat", rule.id);
        for threat in rule.threats {
            assert!(ids.contains(threat), "{} names the unknown threat {threat}", rule.id);
        }
    }
    let served: BTreeSet<_> = catalogue::all().flat_map(|rule| rule.threats.iter().copied()).collect();
    for threat in &threats {
        let by_rule = served.contains(threat.id.as_str());
        assert!(by_rule || threat.elsewhere.is_some(), "no rule serves {}", threat.id);
        assert!(!(by_rule && threat.elsewhere.is_some()), "{} is not enforced elsewhere only", threat.id);
        assert!(!threat.statement.is_empty());
    }
}
