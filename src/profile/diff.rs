//! How a profile differs from what the daemon has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::json::values;
use super::{Device, Effective, Layer, Profile};
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
    /// What differs between this profile in a lab and the daemon's profile object, which has this description and these
    /// config and devices. Empty when nothing needs to change.
    #[must_use]
    pub fn differs_from(&self, lab: &LabName, description: &str, daemon: &Layer) -> Vec<Difference> {
        let mut differences = Vec::new();
        if description != self.description {
            differences.push(Difference {
                key: "description".into(),
                old: Some(description.into()),
                new: Some(self.description.clone()),
            });
        }
        differences.extend(compare("config ", &daemon.config, &self.marked_config(lab)));
        differences.extend(compare_devices(&daemon.devices, &all_values(&self.devices)));
        differences
    }
}

impl Effective {
    /// What differs between this, which was judged, and what the daemon made of it: an instance's `expanded_config` and
    /// `expanded_devices`. What the daemon itself adds, `volatile.*` and the image's own `image.*`, does not count.
    #[must_use]
    pub fn differs_from(&self, expanded: &Layer) -> Vec<Difference> {
        let mut theirs = expanded.config.clone();
        theirs.retain(|key, _| !key.starts_with("volatile.") && !key.starts_with("image."));
        let mut differences = compare("config ", &theirs, &values(&self.config));
        differences.extend(compare_devices(&expanded.devices, &all_values(&self.devices)));
        differences
    }
}

/// Devices by name, each by key.
type Devices = BTreeMap<String, BTreeMap<String, String>>;

fn all_values(devices: &BTreeMap<String, Device>) -> Devices {
    devices.iter().map(|(name, device)| (name.clone(), values(&device.keys))).collect()
}

fn compare_devices(old: &Devices, new: &Devices) -> Vec<Difference> {
    let none = BTreeMap::new();
    let names = old.keys().chain(new.keys()).collect::<BTreeSet<_>>();
    let compared = names.into_iter().map(|name| {
        compare(&format!("device {name}: "), old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none))
    });
    compared.flatten().collect()
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
