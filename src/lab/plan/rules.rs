//! How the rules of an ACL differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::incus::AclRule;
use crate::profile::Difference;

/// How the rules of one direction differ: one difference a rule, whose key names the rule, as `egress[reject 10.0.0.0/8]`,
/// and whose values are what is said about it. The order of rules means nothing to Incus, and so not here.
pub(in crate::lab) fn compare_rules(direction: &str, is: &[AclRule], wanted: &[AclRule]) -> Vec<Difference> {
    let (is, wanted) = (by_name(is), by_name(wanted));
    let names: BTreeSet<&String> = is.keys().chain(wanted.keys()).collect();
    let mut differences = Vec::new();
    for name in names {
        let (mut old, mut new) = (remarks(&is, name), remarks(&wanted, name));
        // What is on both sides is no difference, and the same rule can be there twice.
        old.retain(|remark| match new.iter().position(|other| other == remark) {
            Some(at) => {
                new.remove(at);
                false
            }
            None => true,
        });
        let (mut old, mut new) = (old.into_iter(), new.into_iter());
        loop {
            let (old, new) = (old.next(), new.next());
            if old.is_none() && new.is_none() {
                break;
            }
            differences.push(Difference { key: format!("{direction}[{name}]"), old, new });
        }
    }
    differences
}

fn by_name(rules: &[AclRule]) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules {
        all.entry(name(rule)).or_default().push(remark(rule));
    }
    all
}

fn remarks(rules: &BTreeMap<String, Vec<String>>, name: &str) -> Vec<String> {
    rules.get(name).cloned().unwrap_or_default()
}

/// What a rule does, such as `reject 0.0.0.0/0 tcp 53,853`.
fn name(rule: &AclRule) -> String {
    let mut words = vec![rule.action.clone()];
    let mut add = |before: &str, value: &str| {
        if !value.is_empty() {
            words.push(format!("{before}{value}"));
        }
    };
    add("from ", &rule.source);
    add("", &rule.destination);
    add("", &rule.protocol);
    add("from port ", &rule.source_port);
    add("", &rule.destination_port);
    add("type ", &rule.icmp_type);
    add("code ", &rule.icmp_code);
    words.join(" ")
}

/// What is said about a rule: its description, and its state where it is not the usual one.
fn remark(rule: &AclRule) -> String {
    match rule.state.as_str() {
        "enabled" => rule.description.clone(),
        state if rule.description.is_empty() => format!("({state})"),
        state => format!("{} ({state})", rule.description),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(action: &str, destination: &str, description: &str) -> AclRule {
        AclRule {
            action: action.into(),
            state: "enabled".into(),
            destination: destination.into(),
            description: description.into(),
            ..AclRule::default()
        }
    }

    #[test]
    fn each_rule_is_named() {
        let is = [rule("reject", "10.0.0.0/8", "private"), rule("allow", "1.2.3.4/32", "mine"), rule("allow", "", "")];
        let disabled = AclRule { state: "disabled".into(), ..is[0].clone() };
        let ports =
            AclRule { protocol: "tcp".into(), destination_port: "53,853".into(), ..rule("reject", "0.0.0.0/0", "dns") };
        let wanted = [ports, disabled, rule("allow", "", "")];
        let shown: Vec<String> =
            compare_rules("egress", &is, &wanted).iter().map(std::string::ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "egress[allow 1.2.3.4/32]: \"mine\" -> unset",
                "egress[reject 0.0.0.0/0 tcp 53,853]: unset -> \"dns\"",
                "egress[reject 10.0.0.0/8]: \"private\" -> \"private (disabled)\"",
            ]
        );
    }

    #[test]
    fn order_means_nothing_and_number_does() {
        let [a, b] = [rule("reject", "10.0.0.0/8", "x"), rule("reject", "1.0.0.0/8", "y")];
        assert_eq!(compare_rules("egress", &[a.clone(), b.clone()], &[b.clone(), a.clone()]), []);
        assert_eq!(compare_rules("egress", &[a.clone(), a.clone()], &[a]).len(), 1);
    }
}
