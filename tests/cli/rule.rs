//! `podclaw rule`.

use crate::common::podclaw;

#[test]
fn lists_and_explains() {
    let list = podclaw(&["rule"]).run().ok();
    assert!(list.contains("\nyaml-untyped ") && list.starts_with("RULE"), "{list}");
    let json = podclaw(&["rule", "--format", "json"]).run().exits(0).json();
    let rules = json["rules"].as_array().expect("a list");
    assert_eq!((rules.len(), &json["version"]), (list.lines().count() - 1, &1.into()));

    let said = podclaw(&["rule", "yaml-untyped"]).run().ok();
    for part in ["Why\n", "What to do\n", "Threats\n", "error[yaml-untyped]", "--> profiles/plain.yaml:3:21", "Right\n"]
    {
        assert!(said.contains(part), "{part} is missing from {said}");
    }
    let json = podclaw(&["rule", "yaml-untyped", "--format", "json"]).run().exits(0).json();
    assert!(
        json["rule"]["examples"][0]["found"][0].as_str().expect("a text").starts_with("profiles/plain.yaml:3:21: ")
    );
}

#[test]
fn an_unknown_rule_is_a_usage_error_with_the_closest_one() {
    let said = podclaw(&["rule", "yaml-untypd"]).run().exits(2);
    assert_eq!(
        said.stderr,
        "error: there is no rule \"yaml-untypd\"\nhelp: did you mean yaml-untyped? `podclaw rule` lists all rules\n"
    );
    let said = podclaw(&["rule", "\u{1b}[2J"]).run().exits(2);
    assert!(said.stderr.ends_with("help: `podclaw rule` lists all rules\n") && !said.stderr.contains('\u{1b}'));
}
