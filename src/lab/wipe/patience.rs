//! Going on when the daemon went away and came back, and giving up when it does not.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::incus::{self, Job};
use crate::lab::{Error, Result};

/// How long is waited for a daemon that was reached before.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long one try may take.
pub(super) const TRY_WITHIN: Duration = Duration::from_mins(1);
/// How long it is left alone in between.
const BREATH: Duration = Duration::from_millis(500);

/// Does something that can be done again, until the daemon says what came of it.
pub(super) async fn patiently<T>(job: &Job, act: impl AsyncFn() -> incus::Result<T>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    let mut told = false;
    loop {
        let error = match timeout(TRY_WITHIN, act()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) if !is_absence(&error) => return Err(error.into()),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        if Instant::now() >= end {
            return Err(error.map_or(Error::DaemonHangs { after: PATIENCE }, Into::into));
        }
        if !told {
            let most = PATIENCE.as_secs();
            job.progress.note(format!("the daemon does not answer: it is asked again, for {most} s at most"));
            told = true;
        }
        tokio::select! {
            () = sleep(BREATH) => {}
            () = job.cancel.cancelled() => return Err(Error::Cancelled),
        }
    }
}

/// Whether there was no word from the daemon.
pub(super) fn is_absence(error: &incus::Error) -> bool {
    use incus::Error::{Broken, Gone, Socket, TimedOut};
    matches!(error, Broken { .. } | Gone { .. } | Socket(_) | TimedOut { .. })
}
