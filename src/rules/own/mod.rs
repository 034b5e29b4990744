//! A user's own rules: files with CEL conditions over the same trees. They can only add findings. A rule that cannot be
//! read, does not hold its own examples or fails on a file is a finding itself, never silence.

mod broken;
mod condition;
mod example;
mod facts;
mod judge;
mod read;
mod rule;

use std::sync::Arc;

use super::{Finding, Rule};
use crate::place::Source;
use crate::profile::Effective;

pub use rule::{Examples, On, OwnRule};

/// A rule against nesting, with a condition, for the examples.
macro_rules! no_nesting {
    ($condition:literal) => {
        concat!(
            "id: own-no-nesting\njudges: profile\nseverity: error\n",
            "summary: a guest in which other containers can run\nwhy: This lab's guests need none.\n",
            "remedy: remove the key\ncondition: \"",
            $condition,
            "\"\nexamples:\n  bad: |\n    description: nesting\n    config:\n      security.nesting: \"true\"\n",
            "  good: |\n    description: none\n"
        )
    };
}
use no_nesting;

/// The rules about own rules themselves.
pub const RULES: &[&Rule] = &[&broken::RULE, &example::RULE];

/// No more own rules than this are run.
const MOST: usize = 200;

/// The own rules that have no fault.
#[derive(Debug, Clone, Default)]
pub struct OwnRules {
    rules: Vec<OwnRule>,
}

impl OwnRules {
    /// Reads one file, and tries the rule's examples. Returns what is wrong with it.
    #[must_use]
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Vec<Finding> {
        let rule = match read::rule(name, bytes) {
            Ok(rule) => rule,
            Err(findings) => return findings,
        };
        let broken = |message: String| vec![Finding::at(&broken::RULE, rule.id.clone(), rule.place.clone(), message)];
        if let Some(other) = self.rules.iter().find(|other| other.id == rule.id) {
            let findings = broken(format!("there is another own rule `{}`", rule.id));
            let other = crate::place::Origin::File(other.place.clone());
            return findings.into_iter().map(|finding| finding.related(other.clone(), "it is here")).collect();
        }
        if self.rules.len() >= MOST {
            return broken(format!("there are more than {MOST} own rules"));
        }
        self.rules.push(rule);
        Vec::new()
    }

    /// What they find in a file of a kind.
    #[must_use]
    pub fn file(&self, on: On, source: &Arc<Source>) -> Vec<Finding> {
        judge::file(self.rules.iter(), on, source)
    }

    /// What they find in what profiles merge into.
    #[must_use]
    pub fn stack(&self, effective: &Effective) -> Vec<Finding> {
        judge::stack(self.rules.iter(), effective)
    }

    /// Whether there are rules for what profiles merge into.
    #[must_use]
    pub fn judge_stacks(&self) -> bool {
        self.rules.iter().any(|rule| rule.on == On::Stack)
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[OwnRule] {
        &self.rules
    }
}
