//! Settings of the host's kernel that say what anybody may do, a guest's root included.

use std::fs;

use crate::probe::{self, Outcome};

/// Settings, the least that each should be, and what anybody may do below that. Where there is no such setting, the kernel
/// was built without the thing.
const LEAST: [(&str, i64, &str); 2] = [
    ("kernel/unprivileged_bpf_disabled", 1, "load programs into the kernel"),
    ("kernel/perf_event_paranoid", 2, "watch the kernel at work"),
];
/// The other way round: the most that it should be.
const MOST: (&str, i64, &str) = ("vm/unprivileged_userfaultfd", 0, "stop the kernel in the midst of a call");
/// Who may read the kernel's log by its system call, for which no file is needed.
const LOG: &str = "kernel/dmesg_restrict";

/// What is to be said of the kernel that host and guests share.
pub(super) fn outcomes() -> Vec<Outcome> {
    judge(&|name| fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok())
}

fn judge(setting: &dyn Fn(&str) -> Option<i64>) -> Vec<Outcome> {
    let short = |name: &str| name.replace('/', ".");
    let mut open = Vec::new();
    let mut shown = Vec::new();
    let mut look = |name: &str, is_open: &dyn Fn(i64) -> bool, what: &str| match setting(name) {
        Some(value) if is_open(value) => open.push(format!("{} is {value}: anybody may {what}", short(name))),
        Some(value) => shown.push(format!("{} is {value}", short(name))),
        None => shown.push(format!("{} is not there", short(name))),
    };
    for (name, least, what) in LEAST {
        look(name, &|value| value < least, what);
    }
    let (name, most, what) = MOST;
    look(name, &|value| value > most, what);
    let tried = "settings of the kernel that say what anybody may do";
    let calls = if open.is_empty() {
        Outcome::contained(probe::UNPRIVILEGED, tried, shown.join(", "))
    } else {
        Outcome::not_contained(probe::UNPRIVILEGED, tried, open.join(", "))
    };
    let tried = "the setting that keeps the kernel's log from anybody";
    let log = match setting(LOG) {
        Some(0) => Outcome::not_contained(probe::LOG, tried, format!("{} is 0: anybody may read it", short(LOG))),
        Some(value) => Outcome::contained(probe::LOG, tried, format!("{} is {value}", short(LOG))),
        None => Outcome::could_not_tell(probe::LOG, tried, format!("{} can't be read", short(LOG))),
    };
    vec![calls, log]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Verdict;

    fn verdicts(settings: &[(&str, i64)]) -> [Verdict; 2] {
        let found = judge(&|name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
        [found[0].verdict, found[1].verdict]
    }

    #[test]
    fn each_setting_can_be_open() {
        use Verdict::{Contained, CouldNotTell, NotContained};
        let (bpf, perf, fault) =
            ("kernel/unprivileged_bpf_disabled", "kernel/perf_event_paranoid", "vm/unprivileged_userfaultfd");
        assert_eq!(verdicts(&[(bpf, 2), (perf, 2), (fault, 0), (LOG, 1)]), [Contained, Contained]);
        assert_eq!(verdicts(&[(bpf, 0), (LOG, 0)]), [NotContained, NotContained]);
        assert_eq!(verdicts(&[(perf, 1)]), [NotContained, CouldNotTell]);
        assert_eq!(verdicts(&[(perf, -1)])[0], NotContained);
        assert_eq!(verdicts(&[(fault, 1)])[0], NotContained);
    }
}
