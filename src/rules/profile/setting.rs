//! Judges one value of one key.

use super::{RULES, limit_value, line_break, missing_limit, unknown_key};
use crate::names::LabName;
use crate::place::Origin;
use crate::policy::{Bringer, Constraint, Row, Verdict};
use crate::profile::Setting;
use crate::rules::{Finding, Rule};
use crate::text::excerpt;

/// A key with its value, and what is known of it.
pub(super) struct Judged<'a> {
    /// What the key is of: `config`, `devices.NAME`.
    pub(super) of: &'a str,
    /// The key.
    pub(super) key: &'a str,
    /// Its value.
    pub(super) setting: &'a Setting,
    /// Who brought it.
    pub(super) bringer: Bringer,
    /// What the policy says of the key.
    pub(super) row: Option<&'a Row>,
}

impl Judged<'_> {
    /// What is wrong with it.
    pub(super) fn findings(&self, lab: &LabName, findings: &mut Vec<Finding>) {
        findings.extend(self.verdict(lab));
        let has_lines = self.row.and_then(|row| row.must.as_ref()).is_some_and(Constraint::has_lines);
        // What is denied anyway is said once, and the daemon's own books are not for anybody else to read. A waiver for a key
        // is none for what a line break smuggles in.
        let is_settled = self.row.is_some_and(|row| row.verdict == Verdict::Deny || row.from == Some(Bringer::Daemon));
        if !is_settled && !has_lines && (has_breaks(&self.setting.value) || has_breaks(self.key)) {
            let message = format!("`{}` has a line break or a control character", excerpt(self.key, 64));
            findings.push(self.finding(&line_break::RULE, message));
        }
    }

    fn verdict(&self, lab: &LabName) -> Option<Finding> {
        let key = || excerpt(self.key, 64);
        let Some(row) = self.row else {
            return Some(self.finding(&unknown_key::RULE, format!("the policy does not know the key `{}`", key())));
        };
        if !row.may_come_from(self.bringer) {
            let here = if self.bringer == Bringer::Profile { "in a profile" } else { "here" };
            return Some(self.of_row(row, format!("`{}` is not allowed {here}: {}", key(), row.reason)));
        }
        let holds = row.must.as_ref().is_some_and(|must| must.holds(self.key, &self.setting.value, lab));
        match (row.verdict, &row.must) {
            (Verdict::Allow, _) => None,
            _ if holds => None,
            (Verdict::Constrain, None) => None,
            (_, Some(must)) => {
                Some(self.of_row(row, format!("`{}` must be {}: {}", key(), must.describe(lab), row.reason)))
            }
            (_, None) => Some(self.of_row(row, format!("`{}` is not allowed: {}", key(), row.reason))),
        }
    }

    fn subject(&self) -> String {
        format!("{}.{}", self.of, excerpt(self.key, 128))
    }

    fn of_row(&self, row: &Row, message: String) -> Finding {
        by_row(row, &self.subject(), self.setting.origin.clone(), message)
    }

    fn finding(&self, rule: &'static Rule, message: String) -> Finding {
        Finding::new(rule, self.subject(), self.setting.origin.clone(), message)
    }
}

/// A finding of the rule that a row names.
pub(super) fn by_row(row: &Row, subject: &str, origin: Origin, message: String) -> Finding {
    let mut finding = Finding::new(rule(row), subject, origin, message);
    finding.waivable = row.verdict == Verdict::DenyUnlessWaived;
    match &row.remedy {
        Some(remedy) => finding.remedy(remedy.clone()),
        None => finding,
    }
}

/// A finding for a key that has to be there and is not.
pub(super) fn missing(row: &Row, subject: &str, key: &str, origin: Origin) -> Finding {
    let mut finding = by_row(row, subject, origin, format!("`{key}` is not set: {}", row.reason));
    if finding.rule == limit_value::RULE.id {
        finding.rule = missing_limit::RULE.id.into();
        finding.remedy = missing_limit::RULE.remedy.into();
    }
    finding
}

/// The rule that a row names. A policy that names none that there is would be a mistake, which a test finds; it is still
/// denied.
pub(super) fn rule(row: &Row) -> &'static Rule {
    RULES.iter().copied().find(|rule| rule.id == row.rule).unwrap_or(&unknown_key::RULE)
}

fn has_breaks(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}
