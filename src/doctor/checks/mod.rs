//! The checks, by group.

mod access;
mod advisories;
mod clock;
mod daemon;
mod flush;
mod guards;
mod incus_host;
mod kernel;
mod leftovers;
mod machine;
mod network;
mod resources;
mod routing;
mod secrets;
mod server;
mod settings;

use super::check::{Check, Group, Said};
use super::subject::Subject;
use super::{Daemon, NoDaemon};

/// What mends a check that needs a daemon where there is none.
pub const NO_DAEMON: &str = "see incus-daemon";

/// The checks, in the order in which they are shown.
const ALL: [&[Check]; 16] = [
    daemon::CHECKS,
    advisories::CHECKS,
    server::CHECKS,
    incus_host::CHECKS,
    kernel::CHECKS,
    guards::CHECKS,
    settings::CHECKS,
    routing::CHECKS,
    network::CHECKS,
    flush::CHECKS,
    access::CHECKS,
    secrets::CHECKS,
    resources::CHECKS,
    clock::CHECKS,
    machine::CHECKS,
    leftovers::CHECKS,
];

/// All checks, in the order in which they are shown.
pub fn all() -> impl Iterator<Item = &'static Check> {
    ALL.into_iter().flatten()
}

/// Judges what the daemon said, where it said something.
fn with_daemon(subject: &Subject, judge: impl FnOnce(&Daemon) -> Said) -> Said {
    match &subject.daemon {
        Ok(daemon) => judge(daemon),
        Err(NoDaemon { .. }) => Said::unknown("there is no word from a daemon").mend(NO_DAEMON),
    }
}

/// Bytes, for people.
fn gibibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 30;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}
