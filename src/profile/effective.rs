//! Profiles and an instance, merged as Incus merges them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::values;
use super::{Device, Origin, Profile, Setting};

/// Config and devices that no profile brings: those of an instance itself, or all that the daemon reports of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Config by key.
    pub config: BTreeMap<String, String>,
    /// Devices by name, each by key.
    pub devices: BTreeMap<String, BTreeMap<String, String>>,
}

/// Profiles in the order in which they are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// The profiles; a later one wins.
    pub profiles: Vec<Profile>,
}

/// What an instance is made of after all is merged: what the daemon calls `expanded_config` and `expanded_devices`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    /// Config by key. No value is empty, because an empty one means unset.
    pub config: BTreeMap<String, Setting>,
    /// Devices by name. A device of type `none` masks the one that it replaced.
    pub devices: BTreeMap<String, Device>,
}

impl Stack {
    /// Merges the profiles in order, then what the instance itself sets. Config is merged key by key, and an empty
    /// value is no value: Incus does not store it, so what came before stays. A device replaces the whole device of
    /// the same name.
    #[must_use]
    pub fn effective(&self, instance: &Layer) -> Effective {
        let mut merged = Effective::default();
        for profile in &self.profiles {
            merged.add(profile.config.clone(), profile.devices.clone());
        }
        let (config, devices) = instance.settings(&Origin::named("the instance"));
        merged.add(config, devices);
        merged
    }
}

impl Effective {
    /// What the daemon reports of an instance, to be judged by the same rules.
    #[must_use]
    pub fn reported(expanded: &Layer) -> Self {
        let mut reported = Self::default();
        let (config, devices) = expanded.settings(&Origin::named("the daemon"));
        reported.add(config, devices);
        reported
    }

    /// The values alone.
    #[must_use]
    pub fn layer(&self) -> Layer {
        let devices = self.devices.iter().map(|(name, device)| (name.clone(), values(&device.keys)));
        Layer { config: values(&self.config), devices: devices.collect() }
    }

    fn add(&mut self, config: BTreeMap<String, Setting>, devices: BTreeMap<String, Device>) {
        self.config.extend(config.into_iter().filter(|(_, setting)| !setting.value.is_empty()));
        for (name, mut device) in devices {
            device.keys.retain(|_, setting| !setting.value.is_empty());
            self.devices.insert(name, device);
        }
    }
}

impl Layer {
    /// The same, with what brought it.
    pub(crate) fn settings(&self, origin: &Origin) -> (BTreeMap<String, Setting>, BTreeMap<String, Device>) {
        let settings = |values: &BTreeMap<String, String>| {
            let setting = |value: &String| Setting { value: value.clone(), origin: origin.clone() };
            values.iter().map(|(key, value)| (key.clone(), setting(value))).collect()
        };
        let device = |keys| Device { keys: settings(keys), origin: origin.clone() };
        (settings(&self.config), self.devices.iter().map(|(name, keys)| (name.clone(), device(keys))).collect())
    }
}
