//! What the daemon is sent, and how it is compared with what the daemon has.

use podclaw::profile::{Difference, Layer};
use serde_json::json;

use super::{lab, profile, with};

const TEXT: &str =
    "description: x\nconfig:\n  limits.cpu: 2\n  a: \"\"\ndevices:\n  root: {type: disk, pool: podclaw, path: /}\n";

#[test]
fn the_object_is_the_labs_and_marked() {
    let body = profile("small", TEXT).post_json(&lab());
    let expected = json!({
        "name": "t1-small",
        "description": "x",
        "config": {"limits.cpu": "2", "user.podclaw.lab": "t1"},
        "devices": {"root": {"type": "disk", "pool": "t1", "path": "/"}},
    });
    assert_eq!(body, expected);
    let mut put = expected;
    put.as_object_mut().unwrap().remove("name");
    assert_eq!(profile("small", TEXT).put_json(&lab()), put);
}

#[test]
fn nothing_differs_from_itself() {
    let profile = profile("small", TEXT);
    let mut daemon = profile.post_json(&lab());
    daemon["used_by"] = json!([]);
    daemon["project"] = json!("t1");
    assert_eq!(profile.differs_from(&lab(), &daemon), []);
}

#[test]
fn each_difference_is_named() {
    let daemon = json!({
        "description": "y",
        "config": {"limits.cpu": "1", "raw.lxc": "a\nb", "user.podclaw.lab": "t1"},
        "devices": {"root": {"type": "disk", "pool": "t1", "path": "/", "size": "1GiB"}, "host": {"type": "disk"}},
    });
    let found = profile("small", TEXT).differs_from(&lab(), &daemon);
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
fn an_object_of_another_shape_differs() {
    let profile = profile("small", TEXT);
    for daemon in [json!(null), json!([]), json!({"config": {"limits.cpu": 2}})] {
        assert!(!profile.differs_from(&lab(), &daemon).is_empty(), "{daemon}");
    }
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
