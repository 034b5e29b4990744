//! What layers merge into, without copying them: each value with who brought it, and what it replaced.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::policy::Bringer;
use crate::profile::{Device, Setting};

/// Config and devices after all is merged, as Incus does it: config key by key, a device as a whole. An empty value is
/// none, and what came before stays.
#[derive(Debug, Default)]
pub(super) struct View<'a> {
    pub(super) config: BTreeMap<&'a str, Held<'a, Setting>>,
    pub(super) devices: BTreeMap<&'a str, Held<'a, Device>>,
    /// How many layers were added.
    layers: usize,
}

/// Something that is merged.
#[derive(Debug)]
pub(super) struct Held<'a, T> {
    /// What counts.
    pub(super) value: &'a T,
    /// Who brought it.
    pub(super) bringer: Bringer,
    /// The layer that brought it, counted from 0.
    pub(super) layer: usize,
    /// What it replaced, the first first.
    pub(super) replaced: Vec<&'a T>,
}

impl<'a> View<'a> {
    /// Puts a layer on top.
    pub(super) fn add(
        &mut self,
        bringer: Bringer,
        config: &'a BTreeMap<String, Setting>,
        devices: &'a BTreeMap<String, Device>,
    ) {
        let layer = self.layers;
        for (key, setting) in config.iter().filter(|(_, setting)| !setting.value.is_empty()) {
            put(&mut self.config, key, setting, bringer, layer);
        }
        for (name, device) in devices {
            put(&mut self.devices, name, device, bringer, layer);
        }
        self.layers += 1;
    }

    /// The number of the layer on top.
    pub(super) fn top(&self) -> usize {
        self.layers.saturating_sub(1)
    }
}

fn put<'a, T>(all: &mut BTreeMap<&'a str, Held<'a, T>>, name: &'a str, value: &'a T, bringer: Bringer, layer: usize) {
    match all.entry(name) {
        Entry::Vacant(entry) => drop(entry.insert(Held { value, bringer, layer, replaced: Vec::new() })),
        Entry::Occupied(mut entry) => {
            let held = entry.get_mut();
            held.replaced.push(held.value);
            (held.value, held.bringer, held.layer) = (value, bringer, layer);
        }
    }
}

/// The value of a device's key; an empty one is none.
pub(super) fn key<'a>(device: &'a Device, key: &str) -> Option<&'a Setting> {
    device.keys.get(key).filter(|setting| !setting.value.is_empty())
}

/// What kind of device this is.
pub(super) fn kind(device: &Device) -> Option<&str> {
    key(device, "type").map(|setting| setting.value.as_str())
}
