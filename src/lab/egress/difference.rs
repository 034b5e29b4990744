//! How the rules of an ACL differ from what they have to be, rule by rule.

use crate::incus::AclRule;
use crate::profile::Difference;

/// What differs between the rules for one direction. Their order means nothing to Incus, and is no difference.
pub(super) fn differences(direction: &str, is: &[AclRule], wanted: &[AclRule]) -> Vec<Difference> {
    let mut gone: Vec<&AclRule> = is.iter().filter(|rule| !wanted.contains(rule)).collect();
    let missing = wanted.iter().filter(|rule| !is.contains(rule));
    let mut differences: Vec<Difference> = missing
        .map(|rule| {
            let name = name(rule);
            let old = gone.iter().position(|old| self::name(old) == name).map(|at| shown(gone.remove(at)));
            Difference { key: format!("{direction}[{name}]"), old, new: Some(shown(rule)) }
        })
        .collect();
    differences.extend(gone.into_iter().map(|rule| Difference {
        key: format!("{direction}[{}]", name(rule)),
        old: Some(shown(rule)),
        new: None,
    }));
    differences
}

/// What a rule is about, and what its description says besides.
fn about(rule: &AclRule) -> (&str, &str) {
    match rule.description.split_once(": ") {
        _ if rule.description.is_empty() => (&rule.destination, ""),
        Some((about, more)) => (about, more),
        None => (&rule.description, ""),
    }
}

/// What a rule is called: what it does, and what it is about.
fn name(rule: &AclRule) -> String {
    let (about, _) = about(rule);
    let parts = [&*rule.action, &*rule.protocol, &*rule.destination_port, about];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What it applies to, with everything that a rule of podclaw's does not have.
fn shown(rule: &AclRule) -> String {
    let mut shown = match about(rule) {
        // The name of the rule says it.
        (about, more) if about == rule.destination && !about.is_empty() => more.to_owned(),
        _ if rule.destination.is_empty() => "everywhere".into(),
        _ => rule.destination.clone(),
    };
    for (what, value) in [
        ("from", &rule.source),
        ("from port", &rule.source_port),
        ("ICMP type", &rule.icmp_type),
        ("ICMP code", &rule.icmp_code),
    ] {
        if !value.is_empty() {
            shown = format!("{what} {value}, {shown}");
        }
    }
    if rule.state == "enabled" { shown } else { format!("{}: {shown}", rule.state) }
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
        let kept = rule("allow", "192.0.2.1", "name a.example");
        let wanted =
            [kept.clone(), rule("reject", "10.0.0.0/9", "10.0.0.0/8: private"), rule("allow", "1.0.0.0/8", "b")];
        let off = AclRule { state: "disabled".into(), source: "10.1.1.1".into(), ..rule("allow", "", "") };
        let is = [rule("reject", "10.0.0.0/8", "10.0.0.0/8: private"), off, kept];
        let shown: Vec<String> = differences("egress", &is, &wanted).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "egress[reject 10.0.0.0/8]: \"private\" -> \"10.0.0.0/9\"",
                "egress[allow b]: unset -> \"1.0.0.0/8\"",
                "egress[allow]: \"disabled: from 10.1.1.1, everywhere\" -> unset",
            ]
        );
    }

    #[test]
    fn order_is_no_difference() {
        let (one, two) = (rule("allow", "192.0.2.1", ""), rule("allow", "192.0.2.2", ""));
        assert_eq!(differences("egress", &[one.clone(), two.clone()], &[two.clone(), one.clone()]), []);
        let logged = AclRule { state: "logged".into(), ..two.clone() };
        assert_eq!(differences("egress", &[one.clone(), logged], &[one, two]).len(), 1);
    }
}
