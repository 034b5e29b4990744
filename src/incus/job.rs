//! How a long job is watched and cancelled.

use tokio_util::sync::CancellationToken;

use crate::progress::Progress;

/// What a request that may take long is given: where it reports to, and who can cancel it.
///
/// Cancelling is orderly: a running operation is cancelled in the daemon where the daemon allows that, and else waited
/// for (see [`super::Limits::cancel`]), so that nothing goes on unseen when [`super::Error::Cancelled`] is returned.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where progress is reported to.
    pub progress: Progress,
    /// Cancels the job.
    pub cancel: CancellationToken,
}

impl Job {
    /// A job that reports and can be cancelled.
    #[must_use]
    pub fn new(progress: Progress, cancel: CancellationToken) -> Self {
        Self { progress, cancel }
    }

    /// A job that nobody watches and nobody cancels.
    #[must_use]
    pub fn quiet() -> Self {
        Self::new(Progress::silent(), CancellationToken::new())
    }
}
