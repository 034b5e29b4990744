//! Merging, as Incus does it.

use podclaw::profile::{Layer, Origin, Stack};

use super::profile;

fn stack(profiles: &[&str]) -> Stack {
    let named = profiles.iter().enumerate();
    Stack { profiles: named.map(|(index, text)| profile(&format!("p{index}.yaml"), text)).collect() }
}

#[test]
fn config_is_merged_key_by_key_and_a_later_value_wins() {
    let first = "description: a\nconfig:\n  limits.cpu: 1\n  limits.memory: 1GiB\n";
    let second = "description: b\nconfig:\n  limits.cpu: 2\n";
    let instance = Layer { config: [("limits.processes".into(), "9".into())].into(), ..Layer::default() };
    let merged = stack(&[first, second]).effective(&instance);
    let values: Vec<_> = merged.config.iter().map(|(key, setting)| (key.as_str(), setting.value.as_str())).collect();
    assert_eq!(values, [("limits.cpu", "2"), ("limits.memory", "1GiB"), ("limits.processes", "9")]);
    assert_eq!(merged.config["limits.cpu"].origin.to_string(), "p1.yaml:3:15");
    assert_eq!(merged.config["limits.memory"].origin.to_string(), "p0.yaml:4:18");
    assert_eq!(merged.config["limits.processes"].origin, Origin::named("the instance"));
}

#[test]
fn an_empty_value_is_no_value() {
    let first = "description: a\nconfig:\n  limits.cpu: 1\n";
    let second = "description: b\nconfig:\n  limits.cpu: \"\"\n  limits.memory: \"\"\n";
    let merged = stack(&[first, second]).effective(&Layer::default());
    assert_eq!(merged.config["limits.cpu"].value, "1");
    assert!(!merged.config.contains_key("limits.memory"));
}

#[test]
fn a_device_replaces_the_whole_device() {
    let first =
        "description: a\ndevices:\n  eth0: {type: nic, network: x, security.mac_filtering: true}\n  d: {type: disk}\n";
    let second = "description: b\ndevices:\n  eth0: {type: nic, network: z}\n  d: {type: none}\n";
    let merged = stack(&[first, second]).effective(&Layer::default());
    assert_eq!(merged.devices["eth0"].get("network"), Some("z"));
    assert_eq!(merged.devices["eth0"].get("security.mac_filtering"), None);
    assert_eq!(merged.devices["d"].kind(), Some("none"));
    assert_eq!(merged.devices["eth0"].origin.to_string(), "p1.yaml:3:3");
    // The instance comes last.
    let device = [("type".to_string(), "disk".to_string()), ("pool".into(), String::new())];
    let instance = Layer { devices: [("d".into(), device.into())].into(), ..Layer::default() };
    let merged = stack(&[first, second]).effective(&instance);
    assert_eq!((merged.devices["d"].kind(), merged.devices["d"].get("pool")), (Some("disk"), None));
}
