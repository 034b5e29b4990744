//! What `init` would do, and to which object.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use super::Summary;
use crate::digest::Sha256;
use crate::fence::Fence;
use crate::incus::Config;
use crate::profile::{self, Difference};

/// What `init` does, object by object, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// One step an object; two where one part of its changes is held back.
    pub steps: Vec<Step>,
    /// What guests may reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<Summary>,
    /// What else there is to be known, such as names that nobody answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The digest of the ACL that there is, or of the one that is made.
    #[serde(skip)]
    pub acl: Option<Sha256>,
    /// What podclaw's own table is to be.
    #[serde(skip)]
    pub fence: Option<Fence>,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The object's kind, such as `network ACL`.
    pub kind: &'static str,
    /// The object's name.
    pub name: String,
    /// What happens to it.
    pub change: Change,
}

/// What happens to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is made, and this is all of it.
    Create(Vec<Difference>),
    /// It is as it has to be.
    Keep,
    /// It is put right.
    Update(Vec<Difference>),
    /// It stays as it is until somebody says otherwise, because of what that would do to running guests, or because the
    /// daemon refuses.
    Hold(Vec<Difference>, Held),
    /// Whether it is as it has to be can't be seen.
    Unseen(String),
}

/// Why something is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The reason, with the guests that it is about; escaped.
    pub reason: String,
    /// Whether `init --disrupt` does it.
    pub can_disrupt: bool,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.change == Change::Keep)
    }

    /// How many objects there are.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.steps.iter().map(|step| (step.kind, &step.name)).collect::<BTreeSet<_>>().len()
    }

    /// How many objects are made or changed.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.change, Change::Create(_) | Change::Update(_))).count()
    }

    /// The steps that are held back.
    pub fn held(&self) -> impl Iterator<Item = (&Step, &Held)> {
        self.steps.iter().filter_map(|step| match &step.change {
            Change::Hold(_, held) => Some((step, held)),
            _ => None,
        })
    }

    /// Whether there are objects that can't be seen.
    #[must_use]
    pub fn has_unseen(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.change, Change::Unseen(_)))
    }
}

impl Change {
    /// What is to be done with an object that is there, after how it differs.
    pub(super) fn after(differences: Vec<Difference>) -> Self {
        if differences.is_empty() { Self::Keep } else { Self::Update(differences) }
    }

    /// The word for it, as in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Keep => "keep",
            Self::Update(_) => "update",
            Self::Hold(..) => "hold",
            Self::Unseen(_) => "unseen",
        }
    }

    /// What differs between what is there and what has to be.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::Create(differences) | Self::Update(differences) | Self::Hold(differences, _) => differences,
            Self::Keep | Self::Unseen(_) => &[],
        }
    }

    pub(super) fn differences_mut(&mut self) -> &mut [Difference] {
        match self {
            Self::Create(differences) | Self::Update(differences) | Self::Hold(differences, _) => differences,
            Self::Keep | Self::Unseen(_) => &mut [],
        }
    }

    /// Why nothing is done, where that needs a reason.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Hold(_, held) => Some(&held.reason),
            Self::Unseen(reason) => Some(reason),
            Self::Create(_) | Self::Keep | Self::Update(_) => None,
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            kind: &'a str,
            name: &'a str,
            change: &'a str,
            differences: &'a [Difference],
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
        }
        let change = &self.change;
        let (kind, name, differences, reason) = (self.kind, &self.name, change.differences(), change.reason());
        Shown { kind, name, change: change.as_str(), differences, reason }.serialize(serializer)
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

/// All of an object that is to be made: some fields of its own, and its config.
pub(super) fn contents(fields: &[(&str, &str)], config: &Config) -> Vec<Difference> {
    let field = |&(key, value): &(&str, &str)| Difference { key: key.into(), old: None, new: Some(value.into()) };
    fields.iter().map(field).chain(compare(&Config::new(), config, &[])).collect()
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

    #[test]
    fn json_has_one_form_for_every_step() {
        let held = Held { reason: "a runs".into(), can_disrupt: true };
        let difference = Difference { key: "k".into(), old: None, new: Some("v".into()) };
        let step = |change| Step { kind: "network", name: "n".into(), change };
        let json = |change| serde_json::to_string(&step(change)).unwrap();
        assert_eq!(json(Change::Keep), r#"{"kind":"network","name":"n","change":"keep","differences":[]}"#);
        assert_eq!(
            json(Change::Hold(vec![difference], held)),
            r#"{"kind":"network","name":"n","change":"hold","differences":[{"key":"k","old":null,"new":"v"}],"reason":"a runs"}"#
        );
    }
}
