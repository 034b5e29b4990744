//! Who bakes, as the builder says.
//!
//! Bakes with one cache directory take turns by its lock. Several users of one daemon have several, but only one builder can
//! have the name; so it says which process made it, and as long as that runs, the others wait.

use std::fmt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// The config key of a builder that says who made it.
pub(in crate::lab) const BAKER_KEY: &str = "user.podclaw.baker";

/// A process of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lab) struct Baker {
    pid: Pid,
    /// When it was started: others get the same id later.
    started: u64,
    /// The boot that it runs in, and the namespace that its id is of.
    place: String,
}

impl Baker {
    /// This process.
    pub(in crate::lab) fn own() -> Option<Self> {
        let pid = rustix::process::getpid();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
        let place = format!("{}/{}", boot.trim(), space.display());
        Some(Self { pid, started: Stat::of(pid)?.started, place })
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (pid, started, place) = (words.next()?, words.next()?, words.next()?);
        let pid = Pid::from_raw(pid.parse().ok().filter(|pid| *pid > 0)?)?;
        words.next().is_none().then_some(Self { pid, started: started.parse().ok()?, place: place.to_owned() })
    }

    /// Its process id.
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether it may still bake. What can't be told counts as that.
    pub(super) fn may_bake(&self) -> bool {
        let Some(own) = Self::own() else { return true };
        let boot = |place: &str| place.split('/').next().unwrap_or_default().to_owned();
        if boot(&self.place) != boot(&own.place) {
            return false;
        }
        // Its id means nothing here where it is of another namespace. This process itself bakes one image at a time.
        if self.place != own.place {
            return true;
        }
        if *self == own || test_kill_process(self.pid) == Err(Errno::SRCH) {
            return false;
        }
        Stat::of(self.pid).is_none_or(|stat| stat.started == self.started && !stat.has_ended)
    }
}

impl fmt::Display for Baker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.pid(), self.started, self.place)
    }
}

/// What the kernel says of a process.
struct Stat {
    has_ended: bool,
    started: u64,
}

impl Stat {
    /// Nothing where it is not there, or hidden.
    fn of(pid: Pid) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        // Its name comes before, and may have anything in it.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
        let has_ended = ["Z", "X"].contains(fields.first()?);
        Some(Self { has_ended, started: fields.get(19)?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_that_runs_bakes() {
        let own = Baker::own().unwrap();
        assert_eq!(Baker::read(&own.to_string()), Some(own.clone()));
        assert!(!own.may_bake(), "what it left is not being baked");
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        let other = Baker { pid, started: Stat::of(pid).unwrap().started, ..own.clone() };
        assert!(other.may_bake());
        assert!(!Baker { started: other.started + 1, ..other.clone() }.may_bake(), "another one has its id");
        assert!(!Baker { place: "another-boot/pid:[1]".into(), ..other.clone() }.may_bake());
        let elsewhere = format!("{}/pid:[1]", own.place.split('/').next().unwrap());
        assert!(Baker { place: elsewhere, started: 1, ..other.clone() }.may_bake(), "nobody can tell");
        drop(child.stdin.take());
        // It has ended, and nobody has looked yet.
        while !Stat::of(pid).unwrap().has_ended {
            std::thread::yield_now();
        }
        assert!(!other.may_bake());
        child.wait().unwrap();
        assert!(!other.may_bake());
    }

    #[test]
    fn what_nobody_wrote_is_nobody() {
        for text in ["", "1", "1 2", "0 2 x", "-1 2 x", "1 x y", "1 2 3 4", "x y z"] {
            assert_eq!(Baker::read(text), None, "{text:?}");
        }
    }
}
