//! Who has a lock, as its file says.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::process::Pid;

use super::Work;

/// The most that is read of the file.
const LONGEST: usize = 64;

/// Who has a lock, as far as that is known. It is only shown: the kernel says whether somebody has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder(Option<(Pid, Work)>);

impl Holder {
    /// Its process id, if it is known.
    #[must_use]
    pub fn pid(self) -> Option<i32> {
        self.0.map(|(pid, _)| pid.as_raw_nonzero().get())
    }

    pub(super) fn read(file: &File) -> Self {
        let mut bytes = [0; LONGEST];
        let read = file.read_at(&mut bytes, 0).unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..read]);
        let signed = text.trim_end().split_once(' ').and_then(|(pid, work)| {
            let work = Work::ALL.into_iter().find(|known| known.as_str() == work)?;
            Some((Pid::from_raw(pid.parse().ok().filter(|pid| *pid > 0)?)?, work))
        });
        // One that was killed could not take its name away, and does not have the lock.
        Self(signed.filter(|(pid, _)| rustix::process::test_kill_process(*pid) != Err(rustix::io::Errno::SRCH)))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((pid, work)) => write!(f, "another podclaw (pid {}: {})", pid.as_raw_nonzero(), work.as_str()),
            None => f.write_str("another podclaw"),
        }
    }
}

/// Writes down who has the lock. That it can't be written is no reason not to work.
pub(super) fn sign(file: &File, work: Work) {
    let text = format!("{} {}\n", std::process::id(), work.as_str());
    let _ = file.set_len(0).and_then(|()| file.write_all_at(text.as_bytes(), 0));
}
