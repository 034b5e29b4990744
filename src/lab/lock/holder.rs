//! Who has a lock, as the kernel says.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use rustix::fs::{major, minor};

use super::Work;

/// The most that is read of the file.
const LONGEST: usize = 64;
/// Where the kernel lists the locks that processes have.
const LOCKS: &str = "/proc/locks";

/// Who has a lock, as far as that is known. It is only shown: the kernel says whether somebody has it.
///
/// Which processes they are is the kernel's word: what stands in the file may be of somebody who is gone, or who has had the
/// lock before. What the one does who has it alone is in the file; several only look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    /// Their process ids; none where they are not known.
    pids: BTreeSet<u32>,
    /// What the only one does, where it says so.
    work: Option<Work>,
}

impl Holder {
    /// Their process ids; none where they are not known.
    pub fn pids(&self) -> impl Iterator<Item = u32> {
        self.pids.iter().copied()
    }

    pub(super) fn read(file: &File) -> Self {
        let Ok(locks) = std::fs::read_to_string(LOCKS) else { return Self::default() };
        let Ok(is) = file.metadata() else { return Self::default() };
        let place = format!("{:02x}:{:02x}:{}", major(is.dev()), minor(is.dev()), is.ino());
        let mut bytes = [0; LONGEST];
        let read = file.read_at(&mut bytes, 0).unwrap_or(0);
        Self::of(&locks, &place, &String::from_utf8_lossy(&bytes[..read]))
    }

    /// The holders in the kernel's list, of the file in this place, which says this.
    fn of(locks: &str, place: &str, signed: &str) -> Self {
        let mut all = locks.lines().filter_map(|line| held(line, place)).peekable();
        let Some(&(_, kind)) = all.peek() else { return Self::default() };
        let pids: BTreeSet<u32> = all.map(|(pid, _)| pid).collect();
        let work = match kind {
            Kind::Shared => Some(Work::Launch),
            Kind::Alone => signed.trim_end().split_once(' ').and_then(|(pid, work)| {
                let is_its = pid.parse().is_ok_and(|pid| pids.contains(&pid));
                Work::ALL.into_iter().find(|known| is_its && known.as_str() == work)
            }),
        };
        Self { pids, work }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Alone,
    Shared,
}

/// The process that has the lock of a line such as `7: FLOCK  ADVISORY  WRITE 4711 00:19:1234 0 EOF`, where that is of the file
/// in this place. One that waits for it has an arrow before its kind.
fn held(line: &str, place: &str) -> Option<(u32, Kind)> {
    let mut words = line.split_whitespace().skip(1);
    let (manner, _, kind, pid, at) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let kind = match kind {
        "WRITE" => Kind::Alone,
        "READ" => Kind::Shared,
        _ => return None,
    };
    // Of a process in another namespace there is no number.
    let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
    (manner == "FLOCK" && at == place).then_some((pid, kind))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pids: Vec<String> = self.pids.iter().map(ToString::to_string).collect();
        let work = self.work.map_or_else(String::new, |work| format!(": {}", work.doing()));
        match &pids[..] {
            [] => f.write_str("another podclaw"),
            [pid] => write!(f, "another podclaw (pid {pid}{work})"),
            many => write!(f, "another podclaw (one of the pids {}{work})", many.join(", ")),
        }
    }
}

/// Writes down what is done by who has the lock alone. That it can't be written is no reason not to work.
pub(super) fn sign(file: &File, work: Work) {
    let text = format!("{} {}\n", std::process::id(), work.as_str());
    let _ = file.set_len(0).and_then(|()| file.write_all_at(text.as_bytes(), 0));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "00:19:1234";

    fn of(locks: &str, signed: &str) -> String {
        Holder::of(locks, PLACE, signed).to_string()
    }

    #[test]
    fn the_kernel_says_who_it_is_and_the_file_only_what_it_does() {
        let alone = "1: POSIX  ADVISORY  WRITE 9 00:19:1234 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 7 00:19:1234 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 8 00:19:1234 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 6 00:19:12345 0 EOF\n\
                     4: LEASE  ACTIVE    READ 5 00:19:1234 0 EOF\n";
        assert_eq!(of(alone, "7 init\n"), "another podclaw (pid 7: init)");
        // Somebody else had it before, and has not gone yet; or the one who has it has not signed yet.
        for signed in ["8 init\n", "1 wipe\n", "7 something\n", "7", "", "-7 init", "\u{1b}[2J"] {
            assert_eq!(of(alone, signed), "another podclaw (pid 7)", "{signed:?}");
        }
        let shared = "1: FLOCK  ADVISORY  READ 7 00:19:1234 0 EOF\n";
        assert_eq!(of(shared, "7 init\n"), "another podclaw (pid 7: looking at it before a launch)");
        let many = format!("{shared}2: FLOCK  ADVISORY  READ 12 00:19:1234 0 EOF\n{shared}");
        assert_eq!(of(&many, ""), "another podclaw (one of the pids 7, 12: looking at it before a launch)");
        for none in ["", "1: FLOCK  ADVISORY  WRITE 0 00:19:1234 0 EOF\n", "1: FLOCK ADVISORY\n", "x"] {
            assert_eq!(of(none, "7 init\n"), "another podclaw", "{none:?}");
        }
    }
}
