//! What the daemon is sent, and how it is compared with what the daemon has.

use podclaw::profile::{Difference, Layer, Profile};
use serde_json::{Value, json};

use super::{lab, profile, with};

const TEXT: &str =
    "description: x\nconfig:\n  limits.cpu: 2\n  a: \"\"\ndevices:\n  root: {type: disk, pool: podclaw, path: /}\n";

#[test]
fn the_object_is_the_labs_and_marked() {
    let body = profile("small", TEXT).put_json(&lab());
    let expected = json!({
        "description": "x",
        "config": {"limits.cpu": "2", "user.podclaw.lab": "t1"},
        "devices": {"root": {"type": "disk", "pool": "t1", "path": "/"}},
    });
    assert_eq!(body, expected);
}

/// As `init` does it: the daemon's object is read into the client's type first.
fn differences(profile: &Profile, daemon: Value) -> Vec<Difference> {
    let is: podclaw::incus::Profile = serde_json::from_value(daemon).unwrap();
    profile.differs_from(&lab(), &is.description, &Layer { config: is.config, devices: is.devices })
}

#[test]
fn nothing_differs_from_itself() {
    let profile = profile("small", TEXT);
    let mut daemon = profile.put_json(&lab());
    daemon["used_by"] = json!([]);
    daemon["project"] = json!("t1");
    assert_eq!(differences(&profile, daemon), []);
}

#[test]
fn each_difference_is_named() {
    let daemon = json!({
        "description": "y",
        "config": {"limits.cpu": "1", "raw.lxc": "a\nb", "user.podclaw.lab": "t1"},
        "devices": {"root": {"type": "disk", "pool": "t1", "path": "/", "size": "1GiB"}, "host": {"type": "disk"}},
    });
    let found = differences(&profile("small", TEXT), daemon);
    let shown: Vec<String> = found.iter().map(Difference::to_string).collect();
    assert_eq!(
        shown,
        [
            r#"description: "y" -> "x""#,
            r#"config limits.cpu: "1" -> "2""#,
            r#"config raw.lxc: "a\\nb" -> unset"#,
            r#"device host: type: "disk" -> unset"#,
            r#"device root: size: "1GiB" -> unset"#,
        ]
    );
}

#[test]
fn an_empty_object_differs() {
    let shown = differences(&profile("small", TEXT), json!({"description": "x", "config": null}));
    let keys: Vec<&str> = shown.iter().map(|difference| difference.key.as_str()).collect();
    assert_eq!(keys[..2], ["config limits.cpu", "config user.podclaw.lab"]);
}

#[test]
fn what_the_daemon_made_of_an_instance_is_compared_with_what_was_judged() {
    let judged = with("", &Layer::default());
    let value = |setting: &podclaw::profile::Setting| setting.value.clone();
    let mut expanded = Layer {
        config: judged.config.iter().map(|(key, setting)| (key.clone(), value(setting))).collect(),
        devices: judged
            .devices
            .iter()
            .map(|(name, device)| (name.clone(), device.keys.iter().map(|(key, s)| (key.clone(), value(s))).collect()))
            .collect(),
    };
    expanded.config.insert("volatile.uuid".into(), "x".into());
    expanded.config.insert("image.os".into(), "x".into());
    assert_eq!(judged.differs_from(&expanded), []);
    expanded.config.insert("raw.lxc".into(), "x".into());
    expanded.devices.remove("eth0");
    let shown: Vec<String> = judged.differs_from(&expanded).iter().map(Difference::to_string).collect();
    assert_eq!(shown[0], "config raw.lxc: \"x\" -> unset");
    assert!(shown.iter().any(|line| line == "device eth0: network: unset -> \"t1br0\""), "{shown:?}");
}
