//! A guest as the host's kernel sees it: its first process in `/proc`. The guest can't change what stands there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::facts::listener;
use super::kernel;
use super::mounts::host_paths;
use super::processes::{gateway_processes, members};
use crate::host::{self, Root};
use crate::probe::{self, Outcome};

/// The first process of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pid: u32,
}

/// A line of an id map: ids inside, ids outside, how many.
type IdRange = (u64, u64, u64);

pub(super) const UNREADABLE: &str =
    "the host does not let podclaw look at the guest's processes; run it as root on the guest's host";

/// The view of the guest whose first process has this id on the host; `None` where that is no such process.
#[must_use]
pub fn view(pid: i64) -> Option<View> {
    let view = View { pid: u32::try_from(pid).ok().filter(|pid| *pid > 1)? };
    // In its own process namespace it has the number 1; else this is another process, or another host.
    let ids = view.status("NSpid")?;
    (ids.split_whitespace().count() > 1 && ids.split_whitespace().last() == Some("1")).then_some(view)
}

impl View {
    /// Its process id on the host.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    fn path(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.pid))
    }

    fn read(&self, file: &str) -> Option<String> {
        read(&self.path(file))
    }

    fn status(&self, field: &str) -> Option<String> {
        status(self.pid, field)
    }

    /// What the host sees of the guest. `others` are the other guests of the daemon; without the service's port, nothing
    /// is said of the gateway.
    #[must_use]
    pub fn outcomes(&self, others: &[(String, Self)], gateway_port: u16) -> Vec<Outcome> {
        let members = members(self.pid);
        vec![
            self.idmap(others),
            self.namespaces(others),
            self.seccomp(),
            self.apparmor(),
            host_paths(self.pid, members.as_deref()),
            self.loopback(gateway_port),
        ]
        .into_iter()
        .chain(kernel::outcomes())
        .chain(gateway_processes(self.pid, members.as_deref(), gateway_port))
        .collect()
    }

    fn id_ranges(&self, file: &str) -> Option<Vec<IdRange>> {
        let line = |line: &str| {
            let mut numbers = line.split_whitespace().map_while(|number| number.parse().ok());
            Some((numbers.next()?, numbers.next()?, numbers.next()?))
        };
        self.read(file)?.lines().map(line).collect()
    }

    fn idmap(&self, others: &[(String, Self)]) -> Outcome {
        let (probe, tried) = (probe::IDMAP, "its maps of user and group ids, by the host's kernel");
        let mut shown = Vec::new();
        for file in ["uid_map", "gid_map"] {
            let Some(ranges) = self.id_ranges(file).filter(|ranges| !ranges.is_empty()) else {
                return Outcome::could_not_tell(probe, tried, UNREADABLE);
            };
            for &(inside, outside, count) in &ranges {
                shown.push(format!("{inside} is {outside}, {count} ids"));
                if outside < 65_536 {
                    return Outcome::not_contained(probe, tried, format!("{file}: {inside} is the host's {outside}"));
                }
                for (name, other) in others.iter().filter(|(_, other)| other.pid != self.pid) {
                    let Some(theirs) = other.id_ranges(file) else { continue };
                    if theirs.iter().any(|&(_, start, length)| start < outside + count && outside < start + length) {
                        return Outcome::not_contained(probe, tried, format!("{file}: guest {name} has the same ids"));
                    }
                }
            }
        }
        shown.dedup();
        Outcome::contained(probe, tried, shown.join("; "))
    }

    fn namespaces(&self, others: &[(String, Self)]) -> Outcome {
        let (probe, tried) = (probe::NAMESPACES, "its namespaces beside those of this process and of other guests");
        let mut shared = Vec::new();
        for kind in ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] {
            let own = fs::read_link(format!("/proc/self/ns/{kind}"));
            let (Some(guest), Ok(own)) = (self.namespace(kind), own) else {
                return Outcome::could_not_tell(probe, tried, UNREADABLE);
            };
            if guest == own {
                shared.push(format!("{kind} with the host"));
            }
            let beside = others.iter().filter(|(_, other)| other.pid != self.pid);
            let with = beside.filter(|(_, other)| other.namespace(kind).as_ref() == Some(&guest));
            shared.extend(with.map(|(name, _)| format!("{kind} with guest {name}")));
        }
        if shared.is_empty() {
            return Outcome::contained(probe, tried, "each is its own");
        }
        Outcome::not_contained(probe, tried, format!("it shares {}", shared.join(", ")))
    }

    fn namespace(&self, kind: &str) -> Option<PathBuf> {
        fs::read_link(self.path(&format!("ns/{kind}"))).ok()
    }

    fn seccomp(&self) -> Outcome {
        let (probe, tried) = (probe::SECCOMP, "the filter on its first process");
        match self.status("Seccomp").as_deref() {
            Some("2") => {
                let filters = self.status("Seccomp_filters").unwrap_or_else(|| "some".into());
                Outcome::contained(probe, tried, format!("filters: {filters}"))
            }
            Some(mode) => Outcome::not_contained(probe, tried, format!("seccomp mode {mode}: no filter")),
            None => Outcome::could_not_tell(probe, tried, UNREADABLE),
        }
    }

    fn apparmor(&self) -> Outcome {
        let (probe, tried) = (probe::APPARMOR, "the AppArmor label of its first process");
        let root = Root::machine();
        match host::kernel::apparmor(&root) {
            Ok(true) => {}
            Ok(false) => {
                let why = "this host's kernel runs without AppArmor, so there is no confinement by it";
                return Outcome::could_not_tell(probe, tried, why);
            }
            Err(why) => {
                let why = format!("whether this host's kernel runs AppArmor was not seen: {why}");
                return Outcome::could_not_tell(probe, tried, why);
            }
        }
        let Some(label) = self.read("attr/apparmor/current").or_else(|| self.read("attr/current")) else {
            return Outcome::could_not_tell(probe, tried, UNREADABLE);
        };
        let label = label.trim_end_matches(['\n', '\0']);
        let Some(profile) = guests_profile(label) else {
            return Outcome::not_contained(probe, tried, label);
        };
        // The label has the profile's mode of when the process was last asked for something; the list has it as it is. The
        // kernel gives the list in pieces, and one that moves from one piece to another meanwhile is in none of them.
        let listed = || host::kernel::apparmor_profiles(&root).map(|all| mode(profile, all));
        let found = match listed() {
            Ok(None) => listed(),
            found => found,
        };
        match found {
            Ok(Some(mode)) if mode == "enforce" => Outcome::contained(probe, tried, label),
            Ok(mode) => {
                let mode = mode.unwrap_or_else(|| "not loaded".into());
                Outcome::not_contained(probe, tried, format!("{profile} is the profile, and its mode is: {mode}"))
            }
            // A guest can make the list too long to be read, by profiles in a namespace of its own.
            Err(why) => {
                let why = format!("{label}; whether the kernel enforces it now was not seen: {why}");
                Outcome::could_not_tell(probe, tried, why)
            }
        }
    }

    fn loopback(&self, port: u16) -> Outcome {
        let (probe, tried) = (probe::GATEWAY_LOOPBACK, format!("what listens on port {port} of the guest"));
        // A kernel without IPv6 has no such file.
        let six = if self.path("net/tcp6").exists() { self.read("net/tcp6") } else { Some(String::new()) };
        let (Some(four), Some(six)) = (self.read("net/tcp"), six) else {
            return Outcome::could_not_tell(probe, tried, UNREADABLE);
        };
        let lines = four.lines().chain(six.lines());
        let found: BTreeSet<_> =
            lines.filter_map(|line| listener(line, false)).filter(|found| found.port == port).collect();
        if let Some(open) = found.iter().find(|found| !found.address.is_loopback()) {
            return Outcome::not_contained(probe, tried, format!("it listens on {}", open.address));
        }
        match found.first() {
            Some(found) => Outcome::contained(probe, tried, format!("it listens on {}", found.address)),
            None => Outcome::could_not_tell(probe, tried, "nothing listens there"),
        }
    }
}

/// The profile in a label, where it is one that the daemon gives to guests.
fn guests_profile(label: &str) -> Option<&str> {
    let stack = label.rsplit_once(" (").map_or(label, |(stack, _)| stack);
    let profile = stack.split_once("//&").map_or(stack, |(first, _)| first);
    profile.starts_with("incus-").then_some(profile)
}

/// The mode that a profile has in the kernel's list.
fn mode(profile: &str, all: Vec<(String, String)>) -> Option<String> {
    all.into_iter().find(|(name, _)| name == profile).map(|(_, mode)| mode)
}

/// The whole of a file that a guest may have made long; nothing where it is longer than can be looked at.
pub(super) fn read(path: &Path) -> Option<String> {
    const LONGEST: u64 = 4 << 20;
    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    ((text.len() as u64) < LONGEST).then_some(text)
}

/// A field of a process' status.
pub(super) fn status(pid: u32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| Some(line.strip_prefix(field)?.strip_prefix(':')?.trim().to_owned()))
}

/// What is to be said where the host can't look at the guest's processes at all.
#[must_use]
pub fn blind() -> Vec<Outcome> {
    let probes = [
        probe::IDMAP,
        probe::NAMESPACES,
        probe::SECCOMP,
        probe::APPARMOR,
        probe::UNPRIVILEGED,
        probe::LOG,
        probe::MOUNTED,
        probe::GATEWAY_LOOPBACK,
        probe::GATEWAY_CAPABILITIES,
        probe::GATEWAY_ROOT,
    ];
    probes.iter().map(|probe| Outcome::could_not_tell(probe, "the guest's first process", UNREADABLE)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_profile_is_the_first_of_its_label() {
        const STACK: &str = "incus-demo_</var/lib/incus>//&:incus-demo_<var-lib-incus>:unconfined (enforce)";
        assert_eq!(guests_profile(STACK), Some("incus-demo_</var/lib/incus>"));
        for label in ["unconfined", "docker-default (enforce)", "", "x//&incus-demo_</var/lib/incus> (enforce)"] {
            assert_eq!(guests_profile(label), None, "{label}");
        }
    }

    #[test]
    fn a_mode_is_that_of_the_very_profile() {
        let all = [
            ("incus-demo_<x>2", "enforce"),
            (":incus-demo_<x>://incus-demo_<x>", "enforce"),
            ("incus-demo_<x>", "complain"),
        ];
        let all: Vec<_> = all.map(|(name, mode)| (name.to_owned(), mode.to_owned())).into();
        assert_eq!(mode("incus-demo_<x>", all.clone()).as_deref(), Some("complain"));
        assert_eq!(mode("incus-other_<x>", all), None);
    }

    #[test]
    fn this_process_is_no_guest() {
        assert_eq!(view(i64::from(std::process::id())), None);
        assert_eq!(view(0), None);
        assert_eq!(view(-1), None);
    }

    #[test]
    fn what_runs_on_the_host_is_not_contained() {
        let own = View { pid: std::process::id() };
        assert_eq!(own.namespaces(&[]).verdict, probe::Verdict::NotContained);
        assert_eq!(own.idmap(&[]).verdict, probe::Verdict::NotContained);
    }
}
