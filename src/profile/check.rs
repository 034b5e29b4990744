//! The floor under every guest: what must never be there, and what must always be. It denies by default: a config key,
//! device type or device key that is not named here is refused, also one that a newer Incus adds.

use std::fmt;

use super::device_check;
use super::incus_value::{cpus, is_false, is_true, number};
use super::{Effective, MemoryLimit, Origin, Setting};
use crate::mark::Mark;
use crate::names::LabName;
use crate::text::excerpt;

/// Why an instance must not be created. Shown as `origin: subject: reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is refused: `config key raw.lxc`, `device eth0, key parent`.
    pub subject: String,
    /// What brought it; `None` when something is missing.
    pub origin: Option<Origin>,
    /// Why it is refused.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        write!(f, "{}: {}", self.subject, self.reason)
    }
}

impl Effective {
    /// Judges what is about to be created in a lab. Empty when there is nothing to say against it.
    #[must_use]
    pub fn check(&self, lab: &LabName) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        for (key, setting) in &self.config {
            if let Err(reason) = config_key(key, &setting.value, lab) {
                refusals.push(refuse(format!("config key {}", excerpt(key, 64)), setting, &reason));
            }
        }
        for (key, reason) in REQUIRED {
            if !self.config.contains_key(key) {
                refusals.push(missing(&format!("config key {key}"), reason));
            }
        }
        device_check::devices(&self.devices, lab, &mut refusals);
        refusals
    }
}

pub(super) fn refuse(subject: String, setting: &Setting, reason: &str) -> Refusal {
    Refusal { subject, origin: Some(setting.origin.clone()), reason: reason.into() }
}

pub(super) fn missing(subject: &str, reason: &str) -> Refusal {
    Refusal { subject: subject.into(), origin: None, reason: format!("it is not set: {reason}") }
}

/// Keys that must be there, since Incus' default is not good enough. [`config_key`] judges their values.
const REQUIRED: [(&str, &str); 8] = [
    ("boot.autostart", "a guest that ran would start again with the host"),
    ("limits.cpu", "a guest could take all CPUs"),
    ("limits.kernel.core", "a program of the host, as its root, would handle what a guest lets crash"),
    ("limits.memory", "a guest could take all memory"),
    ("limits.processes", "a guest could take all process ids"),
    ("security.guestapi", "a guest could talk to the daemon through /dev/incus"),
    ("security.idmap.isolated", "all guests would share one range of user ids"),
    ("security.nesting", "the gateway's own container could not start"),
];

/// The most user-data that a guest is given, in bytes.
const MAX_USER_DATA: usize = 512 * 1024;

/// Judges one config key with its value.
fn config_key(key: &str, value: &str, lab: &LabName) -> Result<(), String> {
    if key == "cloud-init.user-data" {
        let fits = value.len() <= MAX_USER_DATA && !value.contains('\0');
        return demand(fits, "user-data must have no NUL and at most 512 KiB");
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err("the value has a line break or a NUL, which can smuggle in another setting".into());
    }
    match key {
        "security.nesting" => demand(is_true(value), "it must be true, or the gateway's own container cannot start"),
        "security.idmap.isolated" => demand(is_true(value), "it must be true: guests must not share user ids"),
        "security.syscalls.deny_default" => demand(is_true(value), "it must be true: it blocks the loading of kernels"),
        "security.syscalls.deny_compat"
        | "security.syscalls.intercept.mknod"
        | "security.syscalls.intercept.setxattr"
        | "security.syscalls.intercept.sysinfo" => demand(super::is_bool(value), "it must be true or false"),
        "security.privileged" => demand(is_false(value), "it must be false: root in it would be root on the host"),
        "security.guestapi" => demand(is_false(value), "it must be false: a guest must not reach the daemon"),
        "boot.autostart" => demand(is_false(value), "it must be false: a guest must not outlive a restart of the host"),
        "boot.stop.priority" => demand(number(value).is_some(), "it must be a whole number"),
        "limits.cpu" => demand(cpus(value).is_some(), "it must be a number from 1, or a set such as 0-3"),
        "limits.cpu.allowance" => demand(is_hard_allowance(value), "it must be a hard limit such as 50ms/100ms"),
        "limits.cpu.priority" => demand(number(value).is_some_and(|n| n <= 10), "it must be from 0 to 10"),
        "limits.memory" => value.parse::<MemoryLimit>().map(drop).map_err(|error| error.to_string()).and_then(|()| {
            let share = value.strip_suffix('%').and_then(number).unwrap_or(0);
            demand(share <= 80, "more than 80% of the host's memory is no limit")
        }),
        "limits.memory.enforce" => demand(value == "hard", "only `hard` limits memory while the host has some free"),
        "limits.memory.swap" => demand(is_false(value), "it must be false or unset"),
        "limits.processes" => {
            demand(number(value).is_some_and(|n| (1..=8192).contains(&n)), "it must be from 1 to 8192")
        }
        "limits.kernel.core" => demand(value == "0", "it must be 0: a core dump is handled by a program of the host"),
        Mark::KEY => demand(value == lab.as_str(), "it marks the guest as another lab's"),
        _ if key.strip_prefix("user.podclaw.").is_some_and(is_own_key) => Ok(()),
        _ => Err("the policy does not allow this key".into()),
    }
}

/// The judgement of a rule, with the reason where it does not hold.
pub(super) fn demand<E: From<&'static str>>(holds: bool, reason: &'static str) -> Result<(), E> {
    if holds { Ok(()) } else { Err(reason.into()) }
}

fn is_own_key(rest: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    !rest.is_empty() && rest.bytes().all(plain)
}

/// `<n>ms/<m>ms`. A percentage is only a share when others want the CPU too.
fn is_hard_allowance(value: &str) -> bool {
    let milliseconds = |text: &str| text.strip_suffix("ms").and_then(number).filter(|n| *n > 0);
    value.split_once('/').is_some_and(|(run, of)| milliseconds(run).is_some() && milliseconds(of).is_some())
}
