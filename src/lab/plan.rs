//! What `init` would do, and to which object.

use serde::Serialize;

use super::Summary;
use crate::incus::Config;
use crate::profile::{self, Difference};

/// What `init` does, object by object, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// One step an object.
    pub steps: Vec<Step>,
    /// What guests may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<Summary>,
    /// What else there is to be known, such as names that nobody answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The object's kind, such as `network ACL`.
    pub kind: &'static str,
    /// The object's name.
    pub name: String,
    /// What happens to it.
    pub change: Change,
}

/// What happens to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is made.
    Create,
    /// It is as it has to be.
    Keep,
    /// It is put right.
    Update(Vec<Difference>),
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.change == Change::Keep)
    }
}

impl Change {
    /// What is to be done with an object that is there, after how it differs.
    pub(super) fn after(differences: Vec<Difference>) -> Self {
        if differences.is_empty() { Self::Keep } else { Self::Update(differences) }
    }
}

/// How `is` differs from `wanted`. Keys that are not wanted count as a difference, unless Incus keeps its own books in
/// them.
pub(super) fn compare(is: &Config, wanted: &Config, own_books: &[&str]) -> Vec<Difference> {
    let judged: Config = is
        .iter()
        .filter(|(key, _)| wanted.contains_key(*key) || !own_books.iter().any(|prefix| key.starts_with(prefix)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    profile::compare("", &judged, wanted)
}

/// `wanted`, with the keys in which Incus keeps its own books as they are.
pub(super) fn with_own_books(wanted: &Config, is: &Config, own_books: &[&str]) -> Config {
    let mut config = wanted.clone();
    for (key, value) in is {
        if own_books.iter().any(|prefix| key.starts_with(prefix)) {
            config.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Config {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn finds_what_is_missing_wrong_and_too_much() {
        let is = config(&[("a", "1"), ("b", "2"), ("volatile.x", "y")]);
        let wanted = config(&[("a", "1"), ("b", "3"), ("c", "4")]);
        let keys = |is: &Config, wanted: &Config| -> Vec<String> {
            compare(is, wanted, &["volatile."]).into_iter().map(|difference| difference.key).collect()
        };
        assert_eq!(keys(&is, &wanted), ["b", "c"]);
        assert_eq!(keys(&wanted, &is), ["b", "c", "volatile.x"]);
        assert_eq!(keys(&is, &is), [""; 0]);
        assert_eq!(with_own_books(&wanted, &is, &["volatile."]).get("volatile.x").map(String::as_str), Some("y"));
    }
}
