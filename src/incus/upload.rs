//! Sending what is too large to be held in memory.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, RequestBuilder};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::sleep;
use tokio_util::io::ReaderStream;

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Result};
use super::job::Job;
use super::timeline::Wait;
use super::transport::Verdict;

/// How much is read from the source at once, in bytes.
const CHUNK: usize = 256 << 10;

/// How far an upload is, and why its source failed. Shared with the body, which reqwest owns.
#[derive(Debug, Default)]
struct Sent {
    bytes: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Sent {
    fn fail(&self, why: &str) -> io::Error {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
        io::Error::other(why.to_owned())
    }

    fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Client {
    /// Sends exactly `size` bytes of `source`, and reads the answer.
    ///
    /// Nothing limits how long it takes, as long as it does not stand still. Cancelling ends it at once: the daemon
    /// throws away what it has.
    pub(super) async fn send_stream(
        &self,
        asked: &Asked,
        request: RequestBuilder,
        source: impl AsyncRead + Send + 'static,
        size: u64,
        job: &Job,
    ) -> Result<Verdict> {
        let sent = Arc::new(Sent::default());
        let request = request
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, size)
            .body(body(source, size, job, &sent));
        let exchange = async {
            let answered = self.send(asked, Wait::Request, request).await;
            let (response, _span) = answered.map_err(|error| match sent.failure() {
                Some(why) => asked.source(&why),
                None => error,
            })?;
            self.verdict(asked, response).await
        };
        tokio::select! {
            verdict = exchange => verdict,
            () = stalls(&sent, self.limits.stall) => Err(asked.timed_out(self.limits.stall)),
            () = job.cancel.cancelled() => Err(Error::Cancelled),
        }
    }
}

fn body(source: impl AsyncRead + Send + 'static, size: u64, job: &Job, sent: &Arc<Sent>) -> Body {
    let progress = job.progress.clone();
    let sent = Arc::clone(sent);
    let chunks =
        ReaderStream::with_capacity(source.take(size), CHUNK).map(Some).chain(futures_util::stream::iter([None]));
    Body::wrap_stream(chunks.filter_map(move |chunk| {
        let done = sent.bytes.load(Ordering::Relaxed);
        let next = match chunk {
            Some(Ok(chunk)) => {
                let done = done + u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                sent.bytes.store(done, Ordering::Relaxed);
                progress.bytes(done, size);
                Some(Ok(chunk))
            }
            Some(Err(error)) => Some(Err(sent.fail(&error.to_string()))),
            None if done < size => Some(Err(sent.fail(&format!("it ended after {done} of {size} bytes")))),
            None => None,
        };
        std::future::ready(next)
    }))
}

/// Ends when nothing was sent for that long.
async fn stalls(sent: &Sent, after: Duration) {
    loop {
        let before = sent.bytes.load(Ordering::Relaxed);
        sleep(after).await;
        if sent.bytes.load(Ordering::Relaxed) == before {
            return;
        }
    }
}
