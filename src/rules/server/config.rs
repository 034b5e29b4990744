//! Judges the daemon's own configuration by the policy, key by key.

use super::{RULES, ServerFacts, listener, remote_api, unknown_key};
use crate::names::LabName;
use crate::place::Origin;
use crate::policy::{Policy, Row, Verdict, is_loopback};
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    let policy = Policy::built_in();
    for (key, value) in &facts.config {
        findings.extend(match policy.settings.get(key) {
            None => Some(finding(&unknown_key::RULE, key, "the policy does not know the setting".into())),
            // The daemon takes an empty value for none.
            Some(_) if value.is_empty() => None,
            Some(row) => judge(row, key, value, lab),
        });
    }
}

fn judge(row: &Row, key: &str, value: &str, lab: &LabName) -> Option<Finding> {
    let said = shown(key, value);
    let message = match (row.verdict, &row.must) {
        (Verdict::Allow, _) => return None,
        (_, Some(must)) if must.holds(key, value, lab) => return None,
        (_, Some(must)) => format!("{said} must be {}: {}", must.describe(lab), row.reason),
        (_, None) => format!("{said} is not allowed: {}", row.reason),
    };
    let rule = rule(row);
    let mut finding = finding(rule, key, message);
    // From the machine itself, whoever could use it has other ways.
    if [remote_api::RULE.id, listener::RULE.id].contains(&rule.id) && is_address(key) && is_loopback(value) {
        finding.severity = Severity::Warning;
    }
    Some(finding)
}

fn finding(rule: &'static Rule, key: &str, message: String) -> Finding {
    let key = excerpt(key, 128);
    let finding = Finding::new(rule, format!("config.{key}"), Origin::named(format!("server config {key}")), message);
    // A key goes into a command only if no shell could read something else in it.
    let is_plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if rule.remedy.contains("KEY") && is_plain {
        return finding.remedy(rule.remedy.replace("KEY", &key));
    }
    finding
}

/// The key, with its value where that is certain to be no secret.
fn shown(key: &str, value: &str) -> String {
    let is_known = is_address(key) || key.ends_with("_volume") || key.ends_with("_algorithm");
    let name = excerpt(key, 128);
    if is_known { format!("`{name}: {}`", excerpt(value, 64)) } else { format!("`{name}`") }
}

fn is_address(key: &str) -> bool {
    key.ends_with("_address")
}

/// The rule that a row names. A policy that names none that there is would be a mistake, which a test finds; it is still
/// denied.
pub(super) fn rule(row: &Row) -> &'static Rule {
    RULES.iter().copied().find(|rule| rule.id == row.rule).unwrap_or(&unknown_key::RULE)
}
