//! A user's own rules.

use podclaw::lint::Report;

use super::judge;

const HEAD: &str =
    "id: own-test\njudges: profile\nseverity: error\nsummary: a thing\nwhy: Because.\nremedy: remove it\n";
const EXAMPLES: &str =
    "examples:\n  bad: |\n    description: bad\n    config:\n      user.bad: \"1\"\n  good: |\n    description: good\n";

fn rule(condition: &str) -> String {
    format!("{HEAD}condition: |-\n  {condition}\n{EXAMPLES}")
}

fn judged(rule: &str, name: &str, text: &str) -> Report {
    judge(&[("policy/rules/test.yaml", rule), (name, text)], None)
}

/// The rules that find something in the rule's own file.
fn broken(rule: &str) -> Vec<String> {
    let report = judge(&[("policy/rules/test.yaml", rule)], None);
    assert!(report.failures.is_empty(), "{report:?}");
    report.findings.iter().filter(|finding| finding.counts()).map(|finding| finding.rule.to_string()).collect()
}

#[test]
fn a_rule_finds_and_its_text_is_in_the_report() {
    let rule = rule("'user.bad' in config");
    assert_eq!(broken(&rule), [""; 0]);
    let report = judged(&rule, "profiles/a.yaml", "description: x\nconfig:\n  user.bad: \"2\"\n");
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.rule == "own-test").collect();
    assert_eq!(found.len(), 1, "{report:?}");
    assert_eq!(found[0].message, "a thing");
    assert_eq!(found[0].remedy, "remove it");
    assert_eq!(found[0].origin.to_string(), "profiles/a.yaml:1:1");
    assert!(report.has_findings());
    assert_eq!(report.own_rules.len(), 1);
    assert_eq!((report.own_rules[0].id.as_str(), report.own_rules[0].why.as_str()), ("own-test", "Because."));
    let report = judged(&rule, "profiles/a.yaml", "description: x\nconfig:\n  user.good: \"2\"\n");
    assert!(!report.findings.iter().any(|finding| finding.rule == "own-test"));
}

#[test]
fn places_are_those_of_the_keys() {
    let each = format!("{}each: config\n", rule("key.startsWith('user.') && value != ''"));
    let text = "description: x\nconfig:\n  limits.cpu: \"2\"\n  user.a: \"1\"\n  user.b: \"1\"\n";
    let report = judged(&each, "profiles/a.yaml", text);
    let mine = |report: &Report| -> Vec<(String, String)> {
        let found = report.findings.iter().filter(|finding| finding.rule == "own-test");
        found.map(|finding| (finding.subject.clone(), finding.origin.to_string())).collect()
    };
    let expected = [("config.user.a", "profiles/a.yaml:4:3"), ("config.user.b", "profiles/a.yaml:5:3")];
    assert_eq!(mine(&report), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));

    let at = format!("{}at: config.user.bad\n", rule("'user.bad' in config"));
    let report = judged(&at, "profiles/a.yaml", "description: x\nconfig:\n  user.bad: \"1\"\n");
    assert_eq!(mine(&report), [("config.user.bad".to_owned(), "profiles/a.yaml:3:3".to_owned())]);
}

#[test]
fn each_kind_of_file_can_be_judged() {
    for (on, condition, name, bad, good) in [
        (
            "profile",
            "devices.exists(d, devices[d].type == 'gpu')",
            "profiles/a.yaml",
            "description: x\ndevices:\n  g:\n    type: gpu\n",
            "description: x\n",
        ),
        (
            "cloud-config",
            "has(doc.package_upgrade) && doc.package_upgrade == true",
            "a/user-data.yaml",
            "#cloud-config\npackage_upgrade: true\n",
            "#cloud-config\npackage_upgrade: false\n",
        ),
        (
            "quadlet",
            "'Container' in doc && doc.Container.Image.exists(i, !i.startsWith('localhost/'))",
            "a.container",
            "[Container]\nImage= \\\n# a\n  other/x\n",
            "[Container]\nImage=localhost/x\n",
        ),
        (
            "openclaw",
            "has(doc.gateway.port) && doc.gateway.port > 20000",
            "openclaw.json",
            "{\"gateway\": {\"port\": 20001}}\n",
            "{\"gateway\": {\"port\": 2000}}\n",
        ),
        ("lab-file", "has(doc.name) && doc.name.matches('^test')", "podclaw.yaml", "name: test-1\n", "name: x\n"),
        (
            "stack",
            "'user.mine' in config",
            "profiles/mine.yaml",
            "description: x\nconfig:\n  user.mine: \"1\"\n",
            "description: x\n",
        ),
    ] {
        let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<Vec<_>>().concat();
        let rule = format!(
            "{}condition: |-\n  {condition}\nexamples:\n  bad: |\n{}  good: |\n{}",
            HEAD.replace("judges: profile", &format!("judges: {on}")),
            indented(bad),
            indented(good)
        );
        let stack: &[&str] = &["guest", "standard"];
        let stack = (on == "stack").then_some(stack);
        let rules = |text: &str| {
            let report = judge(&[("policy/rules/test.yaml", &rule), (name, text)], stack);
            report.findings.iter().map(|finding| finding.rule.to_string()).collect::<Vec<_>>()
        };
        assert!(rules(bad).contains(&"own-test".to_owned()), "{on}: {:?}", rules(bad));
        assert!(!rules(good).iter().any(|rule| rule.starts_with("own-")), "{on}: {:?}", rules(good));
    }
}

#[test]
fn what_is_no_rule_is_a_finding() {
    let good = rule("'user.bad' in config");
    let without = |field: &str| {
        let lines = good.lines().filter(|line| !line.starts_with(field));
        lines.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
    };
    for (text, expected) in [
        (good.replace("own-test", "privileged"), "yaml-field"),
        (good.replace("own-test", "own-Test"), "yaml-field"),
        (good.replace("own-test", "own-rule-broken"), "yaml-field"),
        (good.replace("own-test", "own-"), "yaml-field"),
        (good.replace("judges: profile", "judges: everything"), "yaml-field"),
        (good.replace("severity: error", "severity: fatal"), "yaml-field"),
        (without("id"), "yaml-field"),
        (without("why"), "yaml-field"),
        (without("remedy"), "yaml-field"),
        (good.replace("why: Because.", "why: \"\""), "yaml-field"),
        (format!("{HEAD}condition: \"true\"\n"), "yaml-field"),
        (format!("{good}only: never\n"), "yaml-field"),
        (format!("{good}each: config\nat: config\n"), "yaml-field"),
        (good.replace("  good: |", "  best: |"), "yaml-field"),
        (rule("'user.bad' in"), "own-rule-broken"),
        (rule("'user.bad' in config)"), "own-rule-broken"),
        (rule("config.matches('a{1000}')"), "own-rule-broken"),
        (rule(&format!("{}true{}", "(".repeat(900), ")".repeat(900))), "own-rule-broken"),
        (rule(&format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000))), "own-rule-broken"),
        (rule(&"!".repeat(1999)), "own-rule-broken"),
        (rule(&format!("{}1 > 0", "-".repeat(1900))), "own-rule-broken"),
        (rule(&format!("true{}", " || true".repeat(240))), "own-rule-example"),
        (rule(&format!("{}true", "true ? ".repeat(280))), "own-rule-broken"),
        (rule(&format!("{}true", "[".repeat(1900))), "own-rule-broken"),
        (rule(&format!("1{} == 0", " + 1".repeat(300))), "own-rule-broken"),
        (rule(&format!("1{} == 0", " + 1".repeat(60))), "own-rule-example"),
        (rule(&format!("doc{} == 1", ".a".repeat(60))), "own-rule-example"),
        (rule(&format!("{}1{} == 0", "(".repeat(24), " + 1)".repeat(24))), "own-rule-example"),
        (rule(&format!("{}1{} == 0", "[".repeat(24), "]".repeat(24))), "own-rule-example"),
        (rule(&format!("a{} == 1", ".a".repeat(900))), "own-rule-broken"),
        (rule(&format!("'user.bad' in config && {}", "x".repeat(3000))), "own-rule-broken"),
        (rule("'user.worse' in config"), "own-rule-example"),
        (rule("true"), "own-rule-example"),
        (rule("size(config)"), "own-rule-example"),
        (rule("config['user.bad'] == '1'"), "own-rule-example"),
        (rule("nothing == 1"), "own-rule-example"),
        (rule("1 / 0 == 1"), "own-rule-example"),
        ("[]\n".into(), "yaml-field"),
        ("id: &a own-test\n".into(), "yaml-ambiguous"),
    ] {
        assert!(broken(&text).contains(&expected.to_owned()), "{expected}: {text}: {:?}", broken(&text));
        let report = judged(&text, "profiles/a.yaml", "description: x\nconfig:\n  user.bad: \"2\"\n");
        assert!(!report.findings.iter().any(|finding| finding.rule == "own-test") && report.own_rules.is_empty());
        assert!(report.findings.iter().filter(|finding| finding.rule == expected).all(|finding| !finding.waivable));
    }
}

#[test]
fn a_rule_that_fails_on_a_file_is_a_finding_there() {
    let rule = rule("'user.bad' in config && (config['user.bad'] == '1' || config['user.worse'] == '1')");
    assert_eq!(broken(&rule), [""; 0]);
    let report = judged(&rule, "profiles/a.yaml", "description: x\nconfig:\n  user.bad: \"2\"\n");
    let found = report.findings.iter().find(|finding| finding.rule == "own-rule-broken").unwrap();
    assert_eq!(found.place().unwrap().source.name, "profiles/a.yaml");
    assert!(!found.waivable && found.message.contains("own-test"), "{found}");

    let json = format!(
        "{}condition: has(doc.a)\nexamples:\n  bad: \"{{\\\"a\\\": 1}}\"\n  good: \"{{}}\"\n",
        HEAD.replace("profile", "openclaw")
    );
    assert_eq!(broken(&json), [""; 0]);
    let report = judged(&json, "openclaw.json", "{a: 1}\n");
    assert!(report.findings.iter().any(|finding| finding.rule == "own-rule-broken"), "{report:?}");
}

#[test]
fn a_condition_cannot_run_for_long() {
    let two = rule("'user.bad' in config || config.exists(a, config.exists(b, a + b == 'never'))");
    assert_eq!(broken(&two), [""; 0]);
    let four = "config.exists(a, config.exists(b, config.exists(c, config.exists(d, a + b + c + d == 'never'))))";
    assert_eq!(broken(&rule(&format!("'user.bad' in config || {four}"))), ["own-rule-example"]);

    let large = (0..2000).map(|n| format!("  user.a{n}: \"1\"\n")).collect::<Vec<_>>().concat();
    let report = judged(&two, "profiles/a.yaml", &format!("description: x\nconfig:\n{large}"));
    let found = report.findings.iter().find(|finding| finding.rule == "own-rule-broken").unwrap();
    assert!(found.message.contains("too large"), "{found}");
}

#[test]
fn one_id_is_one_rule() {
    let rule = rule("'user.bad' in config");
    let report = judge(&[("policy/rules/a.yaml", &rule), ("policy/rules/b.yaml", &rule)], None);
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.rule.as_ref(), finding.related.len())).collect();
    assert_eq!(found, [("own-rule-broken", 1)]);
}

#[test]
fn no_own_rule_takes_a_finding_away() {
    let text = "description: x\nconfig:\n  a: &b c\n";
    let without = judge(&[("profiles/a.yaml", text)], None);
    let with = judged(&rule("'user.bad' in config"), "profiles/a.yaml", text);
    assert!(!without.findings.is_empty());
    assert!(without.findings.iter().all(|finding| with.findings.contains(finding)));
}
