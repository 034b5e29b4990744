//! The verdicts, and how one is found.

use std::collections::HashMap;
use std::sync::Arc;

use super::Constraint;

/// What the policy says of a config key, a device type or a device key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What may be done with it.
    pub verdict: Verdict,
    /// What its value has to be.
    pub must: Option<Constraint>,
    /// Who alone may set it; nobody is named where all may.
    pub from: Option<Bringer>,
    /// The id of the rule that finds it.
    pub rule: String,
    /// The id of the threat that this is about.
    pub threat: String,
    /// Why, as the end of a sentence.
    pub reason: String,
    /// What to do instead, where the rule's own remedy does not fit.
    pub remedy: Option<String>,
}

/// What may be done with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Anything.
    Allow,
    /// It may be there when its value fits.
    Constrain,
    /// It must be there, and its value must fit.
    Require,
    /// Nothing.
    Deny,
    /// Nothing, unless its value fits or a waiver sets that aside.
    DenyUnlessWaived,
}

/// Who brings a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bringer {
    /// A profile.
    Profile,
    /// podclaw itself, on the instance that it makes.
    Instance,
    /// The daemon, which reports what it has: also what the other two brought, and its own books.
    Daemon,
}

impl Row {
    /// Whether this may come from somebody at all.
    #[must_use]
    pub fn may_come_from(&self, bringer: Bringer) -> bool {
        self.from.is_none_or(|least| bringer >= least)
    }

    /// Whether a profile could not set it to just anything.
    #[must_use]
    pub fn denies(&self) -> bool {
        matches!(self.verdict, Verdict::Deny | Verdict::DenyUnlessWaived) || !self.may_come_from(Bringer::Profile)
    }
}

/// Rows by name. A name that ends in `*` stands for all that begin like it.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    exact: HashMap<String, Arc<Row>>,
    /// The longest first.
    prefixes: Vec<(String, Arc<Row>)>,
    /// Those that must be there, by name.
    required: Vec<(String, Arc<Row>)>,
}

impl Keys {
    /// What the policy says of a name; `None` when it does not know it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Row> {
        let by_prefix = || self.prefixes.iter().find(|(prefix, _)| is_below(name, prefix)).map(|(_, row)| row);
        self.exact.get(name).or_else(by_prefix).map(AsRef::as_ref)
    }

    /// All names, as they are written in the policy, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (String, &Row)> {
        let exact = self.exact.iter().map(|(name, row)| (name.clone(), row.as_ref()));
        exact.chain(self.prefixes.iter().map(|(prefix, row)| (format!("{prefix}*"), row.as_ref())))
    }

    /// The names that must be there, in order.
    pub fn required(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.required.iter().map(|(name, row)| (name.as_str(), row.as_ref()))
    }

    /// Adds a name; tells whether it is new.
    pub(super) fn add(&mut self, name: &str, row: &Arc<Row>) -> bool {
        match name.strip_suffix('*') {
            None => self.exact.insert(name.into(), Arc::clone(row)).is_none(),
            Some(prefix) => {
                let new = self.prefixes.iter().all(|(known, _)| known != prefix);
                self.prefixes.push((prefix.into(), Arc::clone(row)));
                new
            }
        }
    }

    fn finish(&mut self) {
        let required = self.exact.iter().filter(|(_, row)| row.verdict == Verdict::Require);
        self.required = required.map(|(name, row)| (name.clone(), Arc::clone(row))).collect();
        self.required.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.prefixes.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }
}

/// A prefix alone is no name of its family: there is no key `user.`.
fn is_below(name: &str, prefix: &str) -> bool {
    name.len() > prefix.len() && name.starts_with(prefix)
}

/// All verdicts.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Config keys.
    pub config: Keys,
    /// Device types.
    pub types: Keys,
    /// Types of network cards, which `nictype` names.
    pub nictypes: Keys,
    /// Device keys, by device type.
    pub devices: HashMap<String, Keys>,
    /// Config keys of the daemon itself.
    pub settings: Keys,
    /// What the daemon may warn of, in its own words.
    pub warnings: Keys,
}

impl Policy {
    pub(super) fn finish(&mut self) {
        for keys in [&mut self.config, &mut self.types, &mut self.nictypes, &mut self.settings, &mut self.warnings] {
            keys.finish();
        }
        self.devices.values_mut().for_each(Keys::finish);
    }
}
