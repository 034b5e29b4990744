//! How a profile differs from what the daemon has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::json::values;
use super::{Device, Effective, Layer, Profile};
use crate::names::LabName;
use crate::text::excerpt;

/// One value that the daemon has otherwise. Shown as `key: old -> new`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        compare("config ", &strings(daemon.get("config")), &self.marked_config(lab), &mut differences);
        let theirs = daemon.get("devices").and_then(Value::as_object).into_iter().flatten();
        let theirs = theirs.map(|(name, keys)| (name.clone(), strings(Some(keys)))).collect();
        compare_devices(&theirs, &all_values(&self.devices), &mut differences);
        differences
    }
}

impl Effective {
    /// What differs between this, which was judged, and what the daemon made of it: an instance's `expanded_config` and
    /// `expanded_devices`. What the daemon itself adds, `volatile.*` and the image's own `image.*`, does not count.
    #[must_use]
    pub fn differs_from(&self, expanded: &Layer) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut theirs = expanded.config.clone();
        theirs.retain(|key, _| !key.starts_with("volatile.") && !key.starts_with("image."));
        compare("config ", &theirs, &values(&self.config), &mut differences);
        compare_devices(&expanded.devices, &all_values(&self.devices), &mut differences);
        differences
    }
}

/// Devices by name, each by key.
type Devices = BTreeMap<String, BTreeMap<String, String>>;

fn all_values(devices: &BTreeMap<String, Device>) -> Devices {
    devices.iter().map(|(name, device)| (name.clone(), values(&device.keys))).collect()
}

fn compare_devices(old: &Devices, new: &Devices, found: &mut Vec<Difference>) {
    let none = BTreeMap::new();
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let prefix = format!("device {name}: ");
        compare(&prefix, old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none), found);
    }
}

fn compare(prefix: &str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>, found: &mut Vec<Difference>) {
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (old.get(key).cloned(), new.get(key).cloned());
        if old != new {
            found.push(Difference { key: format!("{prefix}{key}"), old, new });
        }
    }
}

/// A JSON object of strings; anything else in it is shown as its JSON, so that it counts as a difference.
fn strings(object: Option<&Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let entries = object.and_then(Value::as_object).into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), text(value))).collect()
}
