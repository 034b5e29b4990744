//! Taking in what is too large to be held in memory, and logs.

use std::io;

use reqwest::Method;
use tokio::time::timeout;

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Refusal, Result};
use super::job::Job;
use super::location::{Object, ProjectName};
use super::timeline::Wait;
use super::transport::{Verdict, read_all};

impl Client {
    /// Takes in a backup of an instance, piece by piece, but no more than `most` bytes.
    ///
    /// Nothing limits how long it takes, as long as it does not stand still.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Source`] where a piece is not taken, and whatever the daemon says.
    pub async fn download(
        &self,
        backup: &Object,
        most: u64,
        job: &Job,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64> {
        let asked = Asked::new("download", backup);
        let request = self.request(&asked, Method::GET, &backup.request().below("export"))?;
        let stall = self.limits.stall;
        let late = |_| asked.timed_out(stall);
        let (mut response, _span) = timeout(stall, self.send(&asked, Wait::Request, request)).await.map_err(late)??;
        if !response.status().is_success() {
            return Err(match self.verdict(&asked, response).await? {
                Verdict::Refusal { code, message, .. } => asked.refused(code, &message),
                Verdict::Answer(_) => asked.malformed(&"it says two things at once"),
            });
        }
        let total = response.content_length().unwrap_or(0);
        let mut done = 0;
        loop {
            let piece = tokio::select! {
                piece = timeout(stall, response.chunk()) => piece.map_err(late)?,
                () = job.cancel.cancelled() => return Err(Error::Cancelled),
            };
            let Some(piece) = piece.map_err(|error| asked.broken(error))? else { return Ok(done) };
            done += piece.len() as u64;
            if done > most {
                return Err(asked.too_large(most));
            }
            take(&piece).map_err(|error| asked.source(&error))?;
            job.progress.bytes(done, total.max(done));
        }
    }

    /// A log that the daemon has of an instance; `None` where it has none of that name.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where it has more than `limit` bytes, and whatever the daemon says.
    pub async fn log_file(
        &self,
        project: &ProjectName,
        instance: &str,
        name: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("read", &format_args!("the log {name} of {object}"));
        let request = self.request(&asked, Method::GET, &object.request().below("logs").below(name))?;
        let exchange = async {
            match self.fetch(&asked, &object, request).await {
                Ok(Some(response)) => read_all(&asked, response, limit).await.map(Some),
                Ok(None) => Ok(None),
                Err(error) if error.refusal() == Some(Refusal::Failed) => Ok(None),
                Err(error) => Err(error),
            }
        };
        timeout(self.limits.read, exchange).await.map_err(|_| asked.timed_out(self.limits.read))?
    }
}
