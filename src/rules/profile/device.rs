//! Judges one device: its type, its keys, and those that it needs.

use super::setting::{Judged, by_row, missing};
use super::unknown_key;
use super::view::{self, Held};
use crate::names::LabName;
use crate::place::Origin;
use crate::policy::{Policy, Row, Verdict};
use crate::profile::{Device, Setting};
use crate::rules::{Finding, Related};
use crate::text::excerpt;

/// The most keys of a denied device that its finding names.
const MOST_RELATED: usize = 16;

/// Keys that make a device another one than the lab's, and are denied: what the lab's own needs it does not need too.
const ELSEWHERE: [&str; 2] = ["nictype", "source"];

/// What is wrong with a device.
pub(super) fn findings(name: &str, held: &Held<'_, Device>, lab: &LabName, findings: &mut Vec<Finding>) {
    let policy = Policy::built_in();
    let device = held.value;
    let subject = format!("devices.{}", excerpt(name, 128));
    let Some(kind) = view::key(device, "type") else {
        let message = format!("the device `{}` has no type", excerpt(name, 64));
        findings.push(Finding::new(&unknown_key::RULE, subject, device.origin.clone(), message));
        return;
    };
    match policy.types.get(&kind.value) {
        Some(row) if row.verdict != Verdict::Deny => {}
        row => return findings.push(denied(&subject, device, kind, row)),
    }
    let Some(keys) = policy.devices.get(kind.value.as_str()) else {
        return findings.push(denied(&subject, device, kind, None));
    };
    for (key, setting) in device.keys.iter().filter(|(_, setting)| !setting.value.is_empty()) {
        if kind.value == "nic" && key == "nictype" {
            findings.push(nictype(&format!("{subject}.nictype"), setting, policy));
        } else {
            let judged = Judged { of: &subject, key, setting, bringer: held.bringer, row: keys.get(key) };
            let before = findings.len();
            judged.findings(lab, findings);
            add_replaced(&mut findings[before..], key, &held.replaced);
        }
    }
    if ELSEWHERE.iter().any(|key| view::key(device, key).is_some()) {
        return;
    }
    for (key, row) in keys.required().filter(|(key, _)| view::key(device, key).is_none()) {
        let before = findings.len();
        findings.push(missing(row, &format!("{subject}.{key}"), key, device.origin.clone()));
        add_replaced(&mut findings[before..], key, &held.replaced);
    }
}

/// A device that is not allowed at all, with its keys.
fn denied(subject: &str, device: &Device, kind: &Setting, row: Option<&Row>) -> Finding {
    let what = format!("devices of type `{}`", excerpt(&kind.value, 32));
    let mut finding = by_type(subject, kind, &what, row);
    for (key, setting) in device.keys.iter().filter(|(key, _)| *key != "type").take(MOST_RELATED) {
        finding = finding.related(setting.origin.clone(), format!("its key `{}`", excerpt(key, 64)));
    }
    finding
}

fn nictype(subject: &str, setting: &Setting, policy: &Policy) -> Finding {
    let what = format!("network cards of type `{}`", excerpt(&setting.value, 32));
    by_type(subject, setting, &what, policy.nictypes.get(&setting.value))
}

/// A type that is denied, or not known.
fn by_type(subject: &str, setting: &Setting, what: &str, row: Option<&Row>) -> Finding {
    let origin = setting.origin.clone();
    if let Some(row) = row {
        return by_row(row, subject, origin, format!("{what} are not allowed: {}", row.reason));
    }
    Finding::new(&unknown_key::RULE, subject, origin, format!("the policy does not know {what}"))
}

/// Names where the device that was replaced had the key, or at least where that device is.
fn add_replaced(findings: &mut [Finding], key: &str, replaced: &[&Device]) {
    let Some(before) = replaced.last() else { return };
    for finding in findings {
        let (origin, message) = match view::key(before, key) {
            Some(setting) => (setting.origin.clone(), format!("the device that this one replaces had `{key}`")),
            None => (before.origin.clone(), "this device is replaced as a whole".into()),
        };
        finding.related.push(Related { origin, message });
    }
}

/// The origin of a device's type, which is what makes it what it is.
pub(super) fn type_origin(device: &Device) -> Origin {
    view::key(device, "type").map_or_else(|| device.origin.clone(), |setting| setting.origin.clone())
}
