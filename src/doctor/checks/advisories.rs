//! Known weaknesses of the daemon's version.

use super::{Check, Daemon, Group, Said, Subject, with_daemon};
use crate::host::kernel::Version;
use crate::host::packages;
use crate::policy::incus_advisories::{Advisories, Advisory, Reach};

pub(super) const CHECKS: &[Check] = &[Check {
    id: "incus-advisories",
    group: Group::Incus,
    title: "the daemon has no weakness that is known",
    why: "The daemon is root, and handles what hostile guests and images contain.",
    remedy: "`apt-get update && apt-get install --only-upgrade incus-base incus-client`, or a newer Incus",
    essential: false,
    judge: |subject| with_daemon(subject, |daemon| judge(subject, daemon)),
}];

fn judge(subject: &Subject, daemon: &Daemon) -> Said {
    let list = match Advisories::built_in() {
        Ok(list) => list,
        Err(why) => return Said::unknown(format!("the list of advisories can't be read: {why}")),
    };
    let Some(version) = Version::parse(&daemon.server.version) else {
        return Said::unknown(format!("the version {:?} can't be compared", daemon.server.version));
    };
    let mut affected: Vec<&Advisory> = list.advisories.iter().filter(|it| it.is_in(version)).collect();
    // What a guest can use comes first.
    affected.sort_by_key(|it| it.reach);
    let known = format!("{} weaknesses known until {}", list.advisories.len(), list.as_of);
    if affected.is_empty() {
        return Said::ok(format!("{} has none of {known}", daemon.server));
    }
    let line = |it: &&Advisory| {
        let reach = match it.reach {
            Reach::Guest => "a guest can use it",
            Reach::Image => "who made an image can use it",
            Reach::User => "who may use the daemon or the host can use it",
        };
        format!("{}: {} ({reach})", it.id, it.what)
    };
    match packages::incus(&subject.root) {
        Err(why) => Said::unseen("whether a distribution made this Incus", &why).with(affected.iter().map(line)),
        Ok(None) => {
            let said = format!("{} has {} of {known}", daemon.server, affected.len());
            Said::fail(said).with(affected.iter().map(line))
        }
        Ok(Some(package)) => {
            let changes = subject.programs.incus_changes.as_deref().unwrap_or_default();
            let open: Vec<&Advisory> = affected.iter().copied().filter(|it| !it.is_named_in(changes)).collect();
            let package = format!("{} {}", package.name, package.version);
            let mended = affected.len() - open.len();
            if open.is_empty() {
                return Said::ok(format!("the changes of {package} name all {mended} weaknesses of {}", daemon.server));
            }
            let without = if changes.is_empty() { " (and its changes could not be read)" } else { "" };
            Said::warn(format!(
                "{} has {} of {known}; the distribution mended {mended} in {package}{without}. Of these it does not say so, \
                 and may have mended them or not:",
                daemon.server,
                affected.len(),
            ))
            .with(open.iter().map(line))
        }
    }
}
