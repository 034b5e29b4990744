//! How podclaw knows its own: what does not carry the lab's mark is never changed or deleted.

use std::collections::BTreeMap;

use crate::names::LabName;

/// The mark of one lab's objects.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a>(&'a LabName);

impl<'a> Mark<'a> {
    /// The config key that carries it.
    pub const KEY: &'static str = "user.podclaw.lab";

    /// The mark of a lab.
    #[must_use]
    pub fn of(lab: &'a LabName) -> Self {
        Self(lab)
    }

    /// Whether an object with this config, or with these properties, is the lab's.
    #[must_use]
    pub fn is_on(self, config: &BTreeMap<String, String>) -> bool {
        config.get(Self::KEY).is_some_and(|lab| lab == self.0.as_str())
    }

    /// Puts the mark into a config.
    pub fn put_on(self, config: &mut BTreeMap<String, String>) {
        config.insert(Self::KEY.into(), self.0.to_string());
    }
}
