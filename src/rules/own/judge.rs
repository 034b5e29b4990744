//! Runs own rules.

use std::sync::Arc;

use super::broken;
use super::facts::{Part, Subject};
use super::rule::{On, OwnRule, Target};
use crate::place::{Origin, Source};
use crate::profile::{DEFAULT_STACK, Effective, Layer, Library, Profile, Stack};
use crate::rules::Finding;
use crate::yaml;

/// What rules find in a file of their kind.
pub(super) fn file<'a>(rules: impl Iterator<Item = &'a OwnRule>, on: On, source: &Arc<Source>) -> Vec<Finding> {
    let mut rules = rules.filter(|rule| rule.on == on).peekable();
    let Some(first) = rules.peek() else { return Vec::new() };
    match Subject::file(on, source) {
        Ok(Some(subject)) => rules.flat_map(|rule| rule.judge(&subject)).collect(),
        Ok(None) => Vec::new(),
        Err(reason) => vec![first.cannot(Origin::File(source.place(0..0)), &reason)],
    }
}

/// What rules find in a stack.
pub(super) fn stack<'a>(rules: impl Iterator<Item = &'a OwnRule>, effective: &Effective) -> Vec<Finding> {
    let mut rules = rules.filter(|rule| rule.on == On::Stack).peekable();
    if rules.peek().is_none() {
        return Vec::new();
    }
    let subject = Subject::stack(effective);
    rules.flat_map(|rule| rule.judge(&subject)).collect()
}

/// Whether the examples are what they say.
pub(super) fn try_examples(rule: &OwnRule) -> Result<(), String> {
    for (which, text, is_bad) in [("bad", &rule.examples.bad, true), ("good", &rule.examples.good, false)] {
        let found = try_one(rule, text).map_err(|reason| format!("the {which} example of `{}` {reason}", rule.id))?;
        if let Some(finding) = found.iter().find(|finding| finding.rule == broken::RULE.id) {
            return Err(format!("the {which} example: {}", finding.message));
        }
        if found.is_empty() == is_bad {
            let does = if is_bad { "does not find its bad" } else { "finds its good" };
            return Err(format!("`{}` {does} example", rule.id));
        }
    }
    Ok(())
}

fn try_one(rule: &OwnRule, text: &str) -> Result<Vec<Finding>, String> {
    let source = Arc::new(Source { name: "example".into(), text: text.into() });
    if rule.on != On::Stack {
        let subject = Subject::file(rule.on, &source)?.ok_or("is not of its kind")?;
        return Ok(rule.judge(&subject));
    }
    let profile = yaml::parse("example", text.as_bytes())
        .and_then(|document| Profile::from_document("example", &document))
        .map_err(|problems| format!("is no profile: {}", problems.first().map_or("", |problem| &problem.message)))?;
    let library = Library::built_in().map_err(|error| error.to_string())?;
    let base = DEFAULT_STACK.iter().map(|name| library.get(name).cloned());
    let mut profiles = base.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    profiles.push(profile);
    Ok(rule.judge(&Subject::stack(&Stack { profiles }.effective(&Layer::default()))))
}

impl OwnRule {
    /// What the rule finds; what it cannot judge is found too.
    fn judge(&self, subject: &Subject) -> Vec<Finding> {
        match &self.target {
            Target::Whole => self.whole(subject, subject.origin.clone(), "file"),
            Target::At(path) => {
                let origin = subject.at(path).cloned();
                self.whole(subject, origin.unwrap_or_else(|| subject.origin.clone()), path)
            }
            Target::Each(path) => {
                let mut facts = subject.facts.clone();
                let parts = subject.each(path).into_iter().filter_map(|Part { path, key, value, origin }| {
                    facts.variables.extend([("key", key), ("value", value)]);
                    let origin = origin.unwrap_or_else(|| subject.origin.clone());
                    self.outcome(self.condition.holds(&facts), origin, &path)
                });
                parts.collect()
            }
        }
    }

    fn whole(&self, subject: &Subject, origin: Origin, path: &str) -> Vec<Finding> {
        self.outcome(self.condition.holds(&subject.facts), origin, path).into_iter().collect()
    }

    fn outcome(&self, holds: Result<bool, String>, origin: Origin, path: &str) -> Option<Finding> {
        match holds {
            Ok(false) => None,
            Ok(true) => Some(Finding {
                rule: self.id.clone().into(),
                severity: self.severity,
                subject: crate::text::excerpt(path, 200),
                origin,
                message: self.message.clone(),
                remedy: self.remedy.clone().into(),
                waivable: self.waivable,
                related: Vec::new(),
                fix: None,
            }),
            Err(reason) => Some(self.cannot(origin, &reason)),
        }
    }

    fn cannot(&self, origin: Origin, reason: &str) -> Finding {
        let message = format!("the own rule `{}` cannot judge this: {reason}", self.id);
        Finding::new(&broken::RULE, self.id.clone(), origin, message)
            .related(Origin::File(self.place.clone()), "the condition is here")
    }
}
