//! Doing something while no other podclaw on this machine does: a lock on a file, which ends with its process.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use crate::incus::Job;

/// How often it is looked whether the other one has ended.
const RETRY: Duration = Duration::from_millis(200);
/// How often before it is also said where only what stays is shown, such as in the log of a CI job.
const LONG: u32 = 10;

/// Waits for the lock on a file, which is made if it is missing, and says `waiting` if that takes a while; `None` where the
/// job is cancelled before. Whoever drops the file lets the next one have its turn.
///
/// # Errors
/// What the system says.
pub async fn wait(path: &Path, waiting: &str, job: &Job) -> io::Result<Option<File>> {
    let lock = open(path)?;
    for attempt in 1_u32.. {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if attempt == 1 => job.progress.status(waiting),
            Err(TryLockError::WouldBlock) if attempt == LONG => job.progress.note(waiting),
            Err(TryLockError::WouldBlock) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = job.cancel.cancelled() => return Ok(None),
        }
    }
    Ok(None)
}

/// Opens the file, which is for nobody else to open: whoever can open a file can lock it, and keep podclaw waiting. One
/// that an older podclaw made for all to read is closed. A link in its place is not followed.
fn open(path: &Path) -> io::Result<File> {
    let link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).custom_flags(link).open(path)?;
    lock.set_permissions(Permissions::from_mode(0o600))?;
    Ok(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_open_it_and_no_link_is_followed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("lock");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(open(&path).unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(open(&link).is_err());
    }
}
