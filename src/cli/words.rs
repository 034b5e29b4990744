//! The words in which states and amounts are shown to people.

use std::time::Duration;

use serde_json::{Value, json};

use crate::incus::Status;
use crate::lab::{Failures, Readiness};

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Stopped => "stopped",
        Status::Frozen => "frozen",
        Status::Error => "error",
        Status::Other => "other",
    }
}

pub(super) fn readiness(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Launching | Readiness::Filling => "not ready",
        Readiness::Ready => "started",
        Readiness::Standby => "standby",
        Readiness::Failed => "failed",
        Readiness::Baking => "baking",
        Readiness::Unknown => "unknown",
    }
}

pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / (1024 * 1024))
}

pub(super) fn seconds(millis: u64) -> String {
    format!("{:.1} s", Duration::from_millis(millis).as_secs_f64())
}

/// Failed attempts to launch guests that stand by, for programs.
pub(super) fn failures(failures: &Failures) -> Value {
    json!({ "count": failures.count, "last": failures.last, "reason": failures.reason, "next": failures.next() })
}

/// How long ago something was, in its largest unit.
pub(super) fn age(at: jiff::Timestamp) -> String {
    let seconds = jiff::Timestamp::now().duration_since(at).as_secs().max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let (amount, unit) =
        units.iter().find(|(size, _)| seconds >= *size).map_or((seconds, "s"), |(size, unit)| (seconds / size, unit));
    format!("{amount} {unit} old")
}
