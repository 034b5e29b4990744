//! The parts of a profile. Every value knows what brought it.

use std::collections::BTreeMap;

use super::Limits;
use crate::names::LabName;
use crate::place::Origin;

/// One value, as the string that Incus stores, and what brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// What brought it.
    pub origin: Origin,
}

/// A device: its keys, one of which is `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its keys with their values.
    pub keys: BTreeMap<String, Setting>,
    /// What brought the device.
    pub origin: Origin,
}

impl Device {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(|setting| setting.value.as_str())
    }

    /// What kind of device this is: `disk`, `nic`, `none`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.get("type")
    }
}

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its short name, which is its file's name without `.yaml`. The daemon knows it as `<lab>-<name>`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its config.
    pub config: BTreeMap<String, Setting>,
    /// Its devices.
    pub devices: BTreeMap<String, Device>,
}

impl Profile {
    /// The profile for a lab: where a device names the default lab's pool or network, it names the lab's own.
    /// Any other pool or network stays as it is, to be refused by the rules.
    #[must_use]
    pub fn for_lab(mut self, lab: &LabName) -> Self {
        let default = LabName::default();
        for device in self.devices.values_mut() {
            for (key, theirs, ours) in
                [("pool", default.pool(), lab.pool()), ("network", default.network(), lab.network())]
            {
                if let Some(setting) = device.keys.get_mut(key).filter(|setting| setting.value == theirs) {
                    setting.value = ours;
                }
            }
        }
        self
    }

    /// The profile with a lab's own limits. They replace limits that the profile sets; none is added, so that a profile
    /// that is not about limits stays as it is.
    #[must_use]
    pub fn with_limits(mut self, limits: &Limits) -> Self {
        let origin = Origin::named("the limits of the lab file");
        for (key, value) in limits.config() {
            if let Some(setting) = self.config.get_mut(key) {
                *setting = Setting { value, origin: origin.clone() };
            }
        }
        if let Some(disk) = &limits.disk {
            let is_root = |device: &&mut Device| device.kind() == Some("disk") && device.get("path") == Some("/");
            for root in self.devices.values_mut().filter(is_root) {
                let setting = Setting { value: disk.to_string(), origin: origin.clone() };
                root.keys.insert("size".into(), setting);
            }
        }
        self
    }
}
