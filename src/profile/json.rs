//! What the daemon is sent. It is made of the same values that were judged, never of a file's text.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Device, Profile, Setting};
use crate::names::LabName;

/// The config key by which podclaw knows its own objects.
pub(super) const MARK: &str = "user.podclaw.lab";

impl Profile {
    /// The body of the request that makes this profile in a lab.
    #[must_use]
    pub fn post_json(&self, lab: &LabName) -> Value {
        let mut body = json!({ "name": lab.profile(&self.name) });
        if let (Some(body), Value::Object(rest)) = (body.as_object_mut(), self.put_json(lab)) {
            body.extend(rest);
        }
        body
    }

    /// The body of the request that replaces this profile in a lab.
    #[must_use]
    pub fn put_json(&self, lab: &LabName) -> Value {
        let devices: Map<String, Value> =
            self.devices.iter().map(|(name, device)| (name.clone(), device.json())).collect();
        json!({ "description": self.description, "config": self.marked_config(lab), "devices": devices })
    }

    /// The config with the mark of the lab.
    pub(super) fn marked_config(&self, lab: &LabName) -> BTreeMap<String, String> {
        let mut config = values(&self.config);
        config.insert(MARK.into(), lab.to_string());
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
