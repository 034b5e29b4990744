//! Devices of the guest in a container.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-device",
    severity: Severity::Error,
    summary: "a device of the guest in the container",
    why: "A device is a way into the kernel's driver behind it. The gateway needs none.",
    remedy: "remove it",
    threats: &["host-device"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("AddDevice=/dev/fuse"),
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("AddDevice").filter(|entry| !entry.value.is_empty()) {
        let message = format!("the container gets {}", excerpt(&entry.value, 80));
        found.add(&RULE, subject(entry), entry.bytes.clone(), message);
    }
}
