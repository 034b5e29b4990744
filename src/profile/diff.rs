//! How a profile differs from what the daemon has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::Profile;
use super::json::values;
use crate::names::LabName;
use crate::text::excerpt;

/// One value that the daemon has otherwise. Shown as `key: old -> new`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which value: `description`, `config limits.cpu`, `device root: size`.
    pub key: String,
    /// What the daemon has; `None` when it has nothing.
    pub old: Option<String>,
    /// What it should have; `None` when it should have nothing.
    pub new: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<String>| match value {
            Some(value) => format!("{:?}", excerpt(value, 80)),
            None => "unset".into(),
        };
        write!(f, "{}: {} -> {}", excerpt(&self.key, 128), show(&self.old), show(&self.new))
    }
}

impl Profile {
    /// What differs between this profile in a lab and the daemon's profile object. Empty when nothing needs to change.
    #[must_use]
    pub fn differs_from(&self, lab: &LabName, daemon: &Value) -> Vec<Difference> {
        let mut differences = Vec::new();
        let description = daemon.get("description").and_then(Value::as_str).unwrap_or_default();
        if description != self.description {
            differences.push(Difference {
                key: "description".into(),
                old: Some(description.into()),
                new: Some(self.description.clone()),
            });
        }
        differences.extend(compare("config ", &strings(daemon.get("config")), &self.marked_config(lab)));
        let theirs = daemon.get("devices").and_then(Value::as_object);
        let names = theirs.into_iter().flat_map(|devices| devices.keys()).chain(self.devices.keys());
        for name in names.collect::<BTreeSet<_>>() {
            let old = strings(theirs.and_then(|devices| devices.get(name)));
            let new = self.devices.get(name).map(|device| values(&device.keys)).unwrap_or_default();
            differences.extend(compare(&format!("device {name}: "), &old, &new));
        }
        differences
    }
}

/// What differs between two maps, key by key; each key is shown with `prefix` before it.
#[must_use]
pub fn compare(prefix: &str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Difference> {
    let keys = old.keys().chain(new.keys()).collect::<BTreeSet<_>>();
    let differences = keys.into_iter().map(|key| Difference {
        key: format!("{prefix}{key}"),
        old: old.get(key).cloned(),
        new: new.get(key).cloned(),
    });
    differences.filter(|difference| difference.old != difference.new).collect()
}

/// A JSON object of strings; anything else in it is shown as its JSON, so that it counts as a difference.
fn strings(object: Option<&Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let entries = object.and_then(Value::as_object).into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), text(value))).collect()
}
