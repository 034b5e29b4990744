//! Doing something while no other podclaw on this machine does: a lock on a file, which ends with its process.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::incus::Job;

/// How often it is looked whether the other one has ended.
const RETRY: Duration = Duration::from_millis(200);

/// Waits for the lock on a file, which is made if it is missing, and says `waiting` if that takes a while; `None` where the
/// job is cancelled before. Whoever drops the file lets the next one have its turn.
///
/// # Errors
/// What the system says.
pub async fn wait(path: &Path, waiting: &str, job: &Job) -> io::Result<Option<File>> {
    let lock = File::create(path)?;
    let mut told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if !told => {
                told = true;
                job.progress.status(waiting);
            }
            Err(TryLockError::WouldBlock) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = job.cancel.cancelled() => return Ok(None),
        }
    }
}
