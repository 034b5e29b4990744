//! Killing guests from the host, all at once, without the daemon: hostile code ends first, whatever the daemon has to do, and
//! however slowly it does it.
//!
//! The process that watches over a guest goes before the guest does. It would have the daemon's hooks run, each of which is
//! the daemon's whole program started anew, several times for each guest; what they tidy goes with the guest that is deleted
//! next, or is removed by the look at this machine afterwards. That holds only for guests that have nothing but a disk in the
//! lab's pool and network cards: all others are the daemon's to stop.

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::place::incus_dir;
use crate::host::Root;
use crate::host::monitors::{Watched, candidates, watched};
use crate::incus::{Instance, Object, Status, StoragePool};
use crate::lab::Lab;

/// How long those that were killed may take to end.
const WITHIN: Duration = Duration::from_secs(5);
/// The drivers of pools in which a guest's disk is no mount of its own, which only the daemon could take away.
const DRIVERS: [&str; 2] = ["btrfs", "dir"];

/// Kills those of the guests that can be, and returns which are dead. Where this process may not, or is on another machine
/// than they are, none is.
pub(super) async fn kill(lab: &Lab, guests: &[&Instance]) -> BTreeSet<String> {
    let pool = lab.settings.name.pool();
    let plain: BTreeSet<String> =
        guests.iter().filter(|guest| is_plain(guest, &pool)).map(|guest| guest.name.clone()).collect();
    if plain.is_empty() || !rustix::process::geteuid().is_root() {
        return BTreeSet::new();
    }
    let driver = lab.client.get::<StoragePool>(&Object::pool(&pool)).await;
    if !driver.is_ok_and(|pool| pool.is_some_and(|pool| DRIVERS.contains(&&*pool.driver))) {
        return BTreeSet::new();
    }
    let (directory, project) = (incus_dir(lab.client.socket()), lab.project.as_str().to_owned());
    let killing = move || {
        let open = open(&Root::machine(), &directory, &project);
        end(open.into_iter().filter(|it| plain.contains(&it.guest)).collect())
    };
    tokio::task::spawn_blocking(killing).await.unwrap_or_default()
}

/// Whether it runs, and has nothing that only the daemon's hooks take away. What is frozen would not end.
fn is_plain(guest: &Instance, pool: &str) -> bool {
    guest.status == Status::Running
        && guest.expanded_devices.values().all(|device| {
            let is = |key: &str, value: &str| device.get(key).is_some_and(|it| it == value);
            is("type", "nic") && device.contains_key("network")
                || is("type", "disk") && is("path", "/") && is("pool", pool)
        })
}

/// A guest whose processes can be signalled, whatever becomes of their numbers.
struct Open {
    guest: String,
    monitor: OwnedFd,
    init: OwnedFd,
}

/// Opened before they are looked at: what is signalled is what was looked at.
fn open(root: &Root, directory: &Path, project: &str) -> Vec<Open> {
    let handle = |pid: u32| {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        pidfd_open(pid, PidfdFlags::empty()).ok()
    };
    let one = |pid: u32| {
        let monitor = handle(pid)?;
        let first: Watched = watched(root, pid, directory, project)?;
        let init = handle(first.init)?;
        (watched(root, pid, directory, project)? == first).then_some(Open { guest: first.guest, monitor, init })
    };
    candidates(root, directory, project).unwrap_or_default().into_iter().filter_map(one).collect()
}

/// Ends the monitors, then the guests. A guest that lost its monitor, and does not end, is not among those that are named; it
/// is tried again, in the daemon's way.
fn end(open: Vec<Open>) -> BTreeSet<String> {
    for one in &open {
        let _ = pidfd_send_signal(&one.monitor, Signal::KILL);
    }
    let unwatched = ended(open, |one| &one.monitor);
    for one in &unwatched {
        let _ = pidfd_send_signal(&one.init, Signal::KILL);
    }
    ended(unwatched, |one| &one.init).into_iter().map(|one| one.guest).collect()
}

/// Waits for processes, and returns those that ended.
fn ended(mut waiting: Vec<Open>, process: fn(&Open) -> &OwnedFd) -> Vec<Open> {
    let deadline = Instant::now() + WITHIN;
    let mut done = Vec::new();
    while !waiting.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else { break };
        let mut all: Vec<PollFd> =
            waiting.iter().map(|one| PollFd::from_borrowed_fd(process(one).as_fd(), PollFlags::IN)).collect();
        match poll(&mut all, Some(&left)) {
            Err(rustix::io::Errno::INTR) => continue,
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let is_over: Vec<bool> = all.iter().map(|one| one.revents().contains(PollFlags::IN)).collect();
        let mut is_over = is_over.into_iter();
        done.extend(waiting.extract_if(.., |_| is_over.next().unwrap_or_default()));
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incus::Devices;

    fn with(devices: &[(&str, &[(&str, &str)])]) -> Instance {
        let device =
            |keys: &[(&str, &str)]| keys.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        let expanded_devices: Devices = devices.iter().map(|(name, keys)| ((*name).to_owned(), device(keys))).collect();
        Instance { status: Status::Running, expanded_devices, ..Instance::default() }
    }

    #[test]
    fn only_guests_with_nothing_but_disk_and_cards_are_not_left_to_the_daemon() {
        const ROOT: (&str, &[(&str, &str)]) = ("root", &[("type", "disk"), ("path", "/"), ("pool", "lab")]);
        const CARD: (&str, &[(&str, &str)]) = ("eth0", &[("type", "nic"), ("network", "labbr0")]);
        assert!(is_plain(&with(&[ROOT, CARD]), "lab"));
        for other in [
            ("root", &[("type", "disk"), ("path", "/"), ("pool", "other")][..]),
            ("data", &[("type", "disk"), ("path", "/data"), ("pool", "lab")]),
            ("eth1", &[("type", "nic"), ("nictype", "physical"), ("parent", "eth0")]),
            ("p", &[("type", "proxy")]),
            ("u", &[("type", "unix-char"), ("path", "/dev/kvm")]),
        ] {
            assert!(!is_plain(&with(&[CARD, other]), "lab"), "{other:?}");
        }
        let frozen = Instance { status: Status::Frozen, ..with(&[ROOT]) };
        assert!(!is_plain(&frozen, "lab"));
    }

    #[test]
    fn those_that_end_are_told_from_those_that_do_not() {
        let child = |seconds: &str| std::process::Command::new("sleep").arg(seconds).spawn().unwrap();
        let handle = |child: &std::process::Child| {
            pidfd_open(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), PidfdFlags::empty()).unwrap()
        };
        let mut all = [child("1000"), child("1000")];
        let open = Open { guest: "a".into(), monitor: handle(&all[0]), init: handle(&all[1]) };
        assert_eq!(end(vec![open]), ["a".to_owned()].into());
        for child in &mut all {
            assert!(!child.wait().unwrap().success());
        }
    }
}
