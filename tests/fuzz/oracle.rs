//! A second judge, which shares nothing with the first: another parser, a merge in a few lines, and a short list of what
//! must never be there. It knows less than the rules, and so it only says what is dangerous, never what is fine.

use std::collections::BTreeMap;

use serde_json::Value;

/// What an instance would be made of.
#[derive(Debug, Default)]
struct Merged {
    config: BTreeMap<String, String>,
    devices: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is dangerous about an instance that these profiles make, in this order. Each is a whole document.
pub(crate) fn dangers(profiles: &[&str]) -> Vec<String> {
    let mut merged = Merged::default();
    for text in profiles {
        match serde_saphyr::from_str::<Value>(text) {
            Ok(profile) => merged.add(&profile),
            Err(error) => return vec![format!("it is no YAML to another parser: {error}")],
        }
    }
    let config = merged.config.iter().filter_map(|(key, value)| config(key, value));
    config.chain(merged.devices.iter().filter_map(|(name, keys)| device(name, keys))).collect()
}

impl Merged {
    fn add(&mut self, profile: &Value) {
        self.config.extend(strings(&profile["config"]).filter(|(_, value)| !value.is_empty()));
        let devices = profile["devices"].as_object().into_iter().flatten();
        self.devices.extend(
            devices.map(|(name, keys)| (name.clone(), strings(keys).filter(|(_, value)| !value.is_empty()).collect())),
        );
    }
}

fn strings(mapping: &Value) -> impl Iterator<Item = (String, String)> {
    mapping.as_object().into_iter().flatten().map(|(key, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (key.trim().to_lowercase(), value)
    })
}

fn config(key: &str, value: &str) -> Option<String> {
    let is_false = ["false", "0", "no", "off"].contains(&value.to_lowercase().as_str());
    let is_dangerous = key.starts_with("raw.") || (key == "security.privileged" && !is_false);
    is_dangerous.then(|| format!("config {key}: {value}"))
}

fn device(name: &str, keys: &BTreeMap<String, String>) -> Option<String> {
    let get = |key: &str| keys.get(key).map(String::as_str);
    let is_fine = match get("type") {
        Some("none") => true,
        Some("disk") => get("source").is_none() && get("path") == Some("/") && get("pool") == Some("podclaw"),
        Some("nic") => get("parent").or(get("nictype")).is_none() && get("network") == Some("podclawbr0"),
        _ => false,
    };
    (!is_fine).then(|| format!("device {name}: {keys:?}"))
}
