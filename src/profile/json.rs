//! What the daemon is sent. It is made of the same values that were judged, never of a file's text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Device, Profile, Setting};
use crate::mark::Mark;
use crate::names::LabName;

impl Profile {
    /// The body of the request that makes or replaces this profile in a lab; its name is the request's.
    #[must_use]
    pub fn put_json(&self, lab: &LabName) -> Value {
        let devices: Map<String, Value> =
            self.devices.iter().map(|(name, device)| (name.clone(), device.json())).collect();
        json!({ "description": self.description, "config": self.marked_config(lab), "devices": devices })
    }

    /// The config with the mark of the lab.
    pub(super) fn marked_config(&self, lab: &LabName) -> BTreeMap<String, String> {
        let mut config = values(&self.config);
        Mark::of(lab).put_on(&mut config);
        config
    }
}

impl Device {
    pub(super) fn json(&self) -> Value {
        json!(values(&self.keys))
    }
}

/// The values that Incus would store: an empty one is never stored.
pub(super) fn values(settings: &BTreeMap<String, Setting>) -> BTreeMap<String, String> {
    let stored = settings.iter().filter(|(_, setting)| !setting.value.is_empty());
    stored.map(|(key, setting)| (key.clone(), setting.value.clone())).collect()
}
