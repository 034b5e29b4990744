//! One podclaw at a time changes a lab's objects.
//!
//! Two at once, such as `init` and the timer that looks names up, would each compare and then write, and the later word
//! of the one could be the older one. So whoever changes project, pool, network, ACL, fence or profiles has the lab's lock
//! file, which the kernel frees however its holder ends. It is advice among podclaws of one user: whoever may use the
//! daemon's socket can do all of it without podclaw.

mod file;
mod holder;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Error, Lab, Result, Settings};
use crate::digest::Sha256;
use crate::incus::{Job, Wait};
use crate::names::LabName;

pub use holder::Holder;

/// How long is waited for somebody else. Making a lab takes seconds; a wipe of many guests may take longer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a wipe waits. It is what helps when all else hangs, so it goes on without the lock then.
const WIPE_PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the lock is free.
const RETRY: Duration = Duration::from_millis(100);

/// What is done to a lab by whoever has its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It is made, or put right.
    Init,
    /// Its names are looked up again.
    RefreshNames,
    /// It is deleted.
    Wipe,
    /// It is judged before a launch, and must not change meanwhile.
    Launch,
    /// It is said how many guests stand by.
    Pool,
    /// It is said which image was baked.
    Bake,
}

impl Work {
    const ALL: [Self; 6] = [Self::Init, Self::RefreshNames, Self::Wipe, Self::Launch, Self::Pool, Self::Bake];

    /// The command that does it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::RefreshNames => "init --refresh-names",
            Self::Wipe => "wipe",
            Self::Launch => "launch",
            Self::Pool => "pool",
            Self::Bake => "image",
        }
    }

    /// What whoever has the lock for it does. Several commands look at a lab before they launch something.
    fn doing(self) -> &'static str {
        match self {
            Self::Launch => "looking at it before a launch",
            other => other.as_str(),
        }
    }
}

/// Why a lab is not locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it, and keeps it.
    #[error("{holder} is working on the lab {lab}, and did not end within {} s", waited.as_secs())]
    Held {
        /// The lab.
        lab: LabName,
        /// Who has it.
        holder: Holder,
        /// How long was waited.
        waited: Duration,
    },
    /// The file can't be used.
    #[error("the lab can't be locked with {}: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl LockError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Held { holder, .. } => match &holder.pids().collect::<Vec<_>>()[..] {
                [pid] => format!("wait until it has ended; if it hangs, `kill {pid}`"),
                _ => "wait until it has ended; `podclaw wipe` does not wait for it".into(),
            },
            Self::Unusable { .. } => {
                "podclaw needs a directory that it can write to, and nobody else; a unit of systemd gives it \
                                      one with `RuntimeDirectory=podclaw`, and PODCLAW_RUNTIME_DIR names another one"
                    .into()
            }
        }
    }
}

/// The right to change a lab's objects. It ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct LabLock {
    lab: Lab,
    held: std::result::Result<File, LockError>,
}

impl LabLock {
    /// The lab.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Why a wipe goes on although somebody else may change the lab.
    #[must_use]
    pub fn lacks(&self) -> Option<&LockError> {
        self.held.as_ref().err()
    }

    /// The same with other settings: whoever had the lock before may have put some into effect since these were read, and
    /// what is older must not be put back.
    ///
    /// # Errors
    /// [`Error::Renamed`].
    pub fn settled(self, settings: Settings) -> Result<Self> {
        Ok(Self { lab: self.lab.settled(settings)?, ..self })
    }
}

/// As long as this is there, nobody changes the lab's objects.
#[derive(Debug)]
pub struct AtRest {
    _held: File,
}

impl Lab {
    /// Locks the lab, in this directory, which is made if it is not there. Whoever has the lock is named in a note, and
    /// waited for. A wipe does not wait long, and goes on without: [`LabLock::lacks`] says so.
    ///
    /// # Errors
    /// [`Error::Lock`], but for a wipe, and [`Error::Cancelled`].
    pub async fn lock(self, directory: &Path, work: Work, job: &Job) -> Result<LabLock> {
        let patience = if work == Work::Wipe { WIPE_PATIENCE } else { PATIENCE };
        let held = match self.place(directory).take(work, patience, job).await {
            Err(Error::Lock(error)) if work == Work::Wipe => Err(error),
            taken => Ok(taken?),
        };
        Ok(LabLock { lab: self, held })
    }

    /// Waits until nobody changes the lab, and keeps others from it. Several may do so at once.
    ///
    /// # Errors
    /// [`Error::Lock`] and [`Error::Cancelled`].
    pub async fn at_rest(&self, directory: &Path, job: &Job) -> Result<AtRest> {
        let place = self.place(directory);
        let taken = self.client.timeline().waiting(Wait::Turn, place.take(Work::Launch, PATIENCE, job));
        Ok(AtRest { _held: taken.await? })
    }

    /// The file for another kind of turn in this lab, beside its lock. It is made where it is not there.
    pub(super) fn turn_file(&self, directory: &Path, kind: &str) -> Result<PathBuf> {
        let name = format!("{kind}-{}", self.place(directory).name());
        let path = directory.join(&name);
        match file::open(directory, &name) {
            Ok(_) => Ok(path),
            Err(source) => Err(LockError::Unusable { path, source }.into()),
        }
    }

    /// The same lab with other settings.
    ///
    /// # Errors
    /// [`Error::Renamed`] where they are of another lab.
    pub fn settled(self, settings: Settings) -> Result<Self> {
        if settings.name != self.settings.name {
            return Err(Error::Renamed { from: self.settings.name, to: settings.name });
        }
        Ok(Self { settings, ..self })
    }

    fn place<'a>(&'a self, directory: &'a Path) -> Place<'a> {
        Place { directory, socket: self.client.socket(), lab: &self.settings.name }
    }
}

/// Where a lab's lock is: labs of one name on two daemons are two.
struct Place<'a> {
    directory: &'a Path,
    socket: &'a Path,
    lab: &'a LabName,
}

impl Place<'_> {
    fn name(&self) -> String {
        use std::os::unix::ffi::OsStrExt as _;

        // The same daemon by another path is the same.
        let socket = self.socket.canonicalize().unwrap_or_else(|_| self.socket.to_owned());
        let daemon = Sha256::of(socket.as_os_str().as_bytes());
        format!("{}-{}.lock", self.lab, &daemon.hex()[..12])
    }

    async fn take(&self, work: Work, patience: Duration, job: &Job) -> Result<File> {
        let name = self.name();
        let unusable = |source| LockError::Unusable { path: self.directory.join(&name), source };
        let began = Instant::now();
        let mut told = None;
        loop {
            let file = file::open(self.directory, &name).map_err(unusable)?;
            let tried = if work == Work::Launch { file.try_lock_shared() } else { file.try_lock() };
            match tried {
                // One that was removed since it was opened keeps out nobody who comes now.
                Ok(()) if !file::is_still(&file, self.directory, &name).map_err(unusable)? => continue,
                Ok(()) => {
                    // Of several, each would write over the others.
                    if work != Work::Launch {
                        holder::sign(&file, work);
                    }
                    return Ok(file);
                }
                Err(TryLockError::Error(source)) => return Err(unusable(source).into()),
                Err(TryLockError::WouldBlock) => {}
            }
            let waited = began.elapsed();
            let holder = Holder::read(&file);
            if waited >= patience {
                return Err(LockError::Held { lab: self.lab.clone(), holder, waited }.into());
            }
            // Not at the first look: most are gone at the second, and who has just come has not signed yet.
            if waited >= RETRY && told.as_ref() != Some(&holder) {
                let most = patience.as_secs();
                job.progress
                    .note(format!("{holder} is working on the lab {}: waiting, for {most} s at most", self.lab));
                told = Some(holder);
            }
            tokio::select! {
                () = sleep(RETRY) => {}
                () = job.cancel.cancelled() => return Err(Error::Cancelled),
            }
        }
    }
}

#[cfg(test)]
#[path = "lock/tests.rs"]
mod tests;
