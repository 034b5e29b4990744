//! What keeps the clock right, and what speaks against it.

use super::processes::Process;
use super::{Root, Seen};

/// Programs that keep the clock right.
const KEEPERS: [&str; 6] = ["systemd-timesyn", "chronyd", "ntpd", "openntpd", "ntpsec", "phc2sys"];

/// The program that keeps the clock right, if one runs.
#[must_use]
pub fn keeper(processes: &[Process]) -> Option<&str> {
    let mut names = processes.iter().filter(|process| process.is_hosts).map(|process| process.name.as_str());
    names.find(|name| KEEPERS.contains(name))
}

/// The latest time, in seconds since 1970, at which the machine wrote one of the files that it writes all the time.
///
/// # Errors
/// Why none was seen.
pub fn last_written(root: &Root) -> Seen<i64> {
    let files =
        ["/var/lib/systemd/timesync/clock", "/var/lib/dpkg/status", "/var/log/wtmp", "/etc/passwd", "/etc/mtab"];
    let times = files.iter().filter_map(|file| root.followed(file).ok()).map(|meta| meta.modified);
    times.max().ok_or(super::Unseen::Missing)
}
