//! The floor under every guest's devices: one root disk in the lab's pool, network cards on the lab's bridge, no other.

use std::collections::BTreeMap;

use super::check::{Refusal, demand, missing, refuse};
use super::incus_value::{bits, bytes, is_bool, is_true, number};
use super::{Device, Size};
use crate::names::LabName;
use crate::text::excerpt;

/// Judges all devices of an instance.
pub(super) fn devices(devices: &BTreeMap<String, Device>, lab: &LabName, refusals: &mut Vec<Refusal>) {
    for (name, device) in devices {
        let subject = format!("device {}", excerpt(name, 64));
        let rules: &Rules = match device.kind() {
            Some("disk") => &disk_key,
            Some("nic") => &nic_key,
            Some("none") => &none_key,
            Some(kind) => {
                let reason = format!("the policy does not allow devices of type {:?}", excerpt(kind, 32));
                refusals.push(Refusal { subject, origin: Some(device.origin.clone()), reason });
                continue;
            }
            None => {
                let reason = "it has no type".into();
                refusals.push(Refusal { subject, origin: Some(device.origin.clone()), reason });
                continue;
            }
        };
        keys(&subject, device, lab, rules, refusals);
    }
    let of_kind = |kind| devices.values().filter(move |device| device.kind() == Some(kind)).count();
    match of_kind("disk") {
        0 => refusals.push(missing("root disk", "a guest's files must be in the lab's pool, with a size")),
        1 => {}
        _ => refusals.push(Refusal {
            subject: "disks".into(),
            origin: None,
            reason: "there must be one disk, the root disk".into(),
        }),
    }
    if of_kind("nic") == 0 {
        refusals
            .push(missing("network card", "a guest must be on the lab's network, and podclaw must see its address"));
    }
}

type Rules = dyn Fn(&str, &str, &LabName) -> Result<(), &'static str>;

fn keys(subject: &str, device: &Device, lab: &LabName, rules: &Rules, refusals: &mut Vec<Refusal>) {
    for (key, setting) in &device.keys {
        let judged = if setting.value.contains(['\r', '\n', '\0']) {
            Err("the value has a line break or a NUL")
        } else {
            Ok(())
        };
        if let Err(reason) = judged.and_then(|()| rules(key, &setting.value, lab)) {
            refusals.push(refuse(format!("{subject}, key {}", excerpt(key, 64)), setting, reason));
        }
    }
    let required: &[&str] = match device.kind() {
        Some("disk") => &["path", "pool", "size"],
        Some("nic") => &["network", "security.mac_filtering", "security.ipv4_filtering", "security.port_isolation"],
        _ => &[],
    };
    for key in required.iter().filter(|key| !device.keys.contains_key(**key)) {
        let origin = Some(device.origin.clone());
        refusals.push(Refusal { subject: format!("{subject}, key {key}"), origin, reason: "it is not set".into() });
    }
}

const UNKNOWN: &str = "the policy does not allow this key";

fn disk_key(key: &str, value: &str, lab: &LabName) -> Result<(), &'static str> {
    match key {
        "type" => Ok(()),
        // `//` and `/.` are not the root disk to Incus but one more mount.
        "path" => demand(value == "/", "the only disk is the root disk, whose path is exactly /"),
        "pool" => demand(value == lab.pool(), "the disk must be in the lab's own pool"),
        "size" => demand(value.parse::<Size>().is_ok(), "it must be a size such as 12GiB"),
        "limits.read" | "limits.write" | "limits.max" => demand(is_rate(value), "it must be such as 30MiB or 500iops"),
        "source" => Err("a source is a path on the host, or another volume"),
        _ => Err(UNKNOWN),
    }
}

fn nic_key(key: &str, value: &str, lab: &LabName) -> Result<(), &'static str> {
    match key {
        "type" => Ok(()),
        "name" => demand(is_interface(value), "it must be a name such as eth0"),
        "network" => demand(value == lab.network(), "the card must be on the lab's own network"),
        // Incus accepts any text for these and takes what it does not know for false.
        "security.mac_filtering" | "security.ipv4_filtering" | "security.port_isolation" => {
            demand(is_true(value), "it must be true: a guest must not pose as another, or talk to one")
        }
        "security.ipv6_filtering" => demand(is_bool(value), "it must be true or false"),
        "limits.ingress" | "limits.egress" | "limits.max" => {
            demand(bits(value).is_some(), "it must be such as 100Mbit")
        }
        "parent" | "nictype" => Err("a card may name only `network`, never a device of the host"),
        _ => Err(UNKNOWN),
    }
}

fn none_key(key: &str, _: &str, _: &LabName) -> Result<(), &'static str> {
    demand(key == "type", UNKNOWN)
}

fn is_rate(value: &str) -> bool {
    bytes(value).is_some() || value.strip_suffix("iops").and_then(number).is_some()
}

fn is_interface(value: &str) -> bool {
    (1..=15).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
