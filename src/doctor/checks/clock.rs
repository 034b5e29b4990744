//! The clock.

use super::{Check, Group, Said, Subject};
use crate::host::time::{keeper, last_written};

/// The first second of the year in which this was written: no clock that is right shows less.
const WRITTEN: i64 = 1_767_225_600;
/// How far files may be in the future, in seconds: others may have written them, with a clock of their own.
const SKEW: i64 = 300;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "resources-clock",
    group: Group::Resources,
    title: "the clock is right, and something keeps it so",
    why: "Signatures of packages and certificates are judged by the clock, and a receipt or log with wrong times proves \
          nothing.",
    remedy: "`apt-get install systemd-timesyncd`, or chrony; in a virtual machine the host may keep it",
    essential: false,
    judge,
}];

fn judge(subject: &Subject) -> Said {
    if subject.now < WRITTEN {
        return Said::fail("it shows a year before podclaw was written")
            .mend("`date --set`, then start a time service");
    }
    match last_written(&subject.root) {
        Ok(latest) if latest > subject.now + SKEW => {
            let behind = latest - subject.now;
            return Said::fail(format!("files of the system are {behind} s in the future"))
                .mend("`date --set`, then start a time service");
        }
        _ => {}
    }
    match &subject.processes {
        Err(why) => Said::unseen("the processes", why),
        Ok(processes) => match keeper(processes) {
            Some(keeper) => Said::ok(format!("{keeper} keeps it")),
            None => Said::warn("no service that keeps it was seen"),
        },
    }
}
