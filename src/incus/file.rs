//! Files in instances. They belong to the guest: their content, type and size are whatever it likes.

use std::fmt;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use tokio::io::AsyncRead;
use tokio::time::{sleep, timeout};

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Result};
use super::job::Job;
use super::location::{Object, ProjectName};
use super::timeline::Wait;
use super::transport::{Verdict, header, read_all};

/// The socket of the daemon's helper for files. Incus 6.0.4 now and then looks for it before, or after, it is there.
const HELPER: &str = "forkfile.sock";
/// How often a directory is tried to be made where the helper is not there, and the time in between.
const TRIES: usize = 5;
const BETWEEN: Duration = Duration::from_millis(200);

/// The permissions of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMode(pub u32);

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the leading zero the daemon reads the number as decimal.
        write!(f, "0{:03o}", self.0 & 0o7777)
    }
}

/// The owner of a file, as the guest counts its users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl Client {
    /// Writes exactly `size` bytes of `source` to a file in an instance, replacing what is there. Never holds more than
    /// a few hundred KiB of it. The instance need not run. What a push that fails leaves behind is undefined.
    ///
    /// # Errors
    /// [`super::Error::Source`] where `source` fails or is too short; [`super::Refusal::NoSpace`] where the pool is full.
    #[expect(clippy::too_many_arguments, reason = "each is needed, and none has a sensible default")]
    pub async fn push_file(
        &self,
        project: &ProjectName,
        instance: &str,
        path: &str,
        mode: FileMode,
        owner: Owner,
        size: u64,
        source: impl AsyncRead + Send + 'static,
        job: &Job,
    ) -> Result<()> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("write", &format_args!("the file {path} of {object}"));
        let request = self.post_file(&asked, &object, path, "file", mode, owner)?.header("X-Incus-write", "overwrite");
        accepted(&asked, self.send_stream(&asked, request, source, size, job).await?)
    }

    /// Makes a directory in an instance. It is no error where there is one already.
    ///
    /// # Errors
    /// Whatever the daemon says, such as that the directory above is missing.
    pub async fn make_directory(
        &self,
        project: &ProjectName,
        instance: &str,
        path: &str,
        mode: FileMode,
        owner: Owner,
    ) -> Result<()> {
        for _ in 1..TRIES {
            match self.try_to_make_directory(project, instance, path, mode, owner).await {
                Err(Error::Refused { message, .. }) if message.contains(HELPER) => sleep(BETWEEN).await,
                ended => return ended,
            }
        }
        self.try_to_make_directory(project, instance, path, mode, owner).await
    }

    async fn try_to_make_directory(
        &self,
        project: &ProjectName,
        instance: &str,
        path: &str,
        mode: FileMode,
        owner: Owner,
    ) -> Result<()> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("make", &format_args!("the directory {path} of {object}"));
        let request = self.post_file(&asked, &object, path, "directory", mode, owner)?;
        let exchange = async {
            let (response, _span) = self.send(&asked, Wait::Request, request).await?;
            self.verdict(&asked, response).await
        };
        accepted(&asked, timeout(self.limits.change, exchange).await.map_err(|_| asked.timed_out(self.limits.change))??)
    }

    /// The request that makes a file or directory, without a body yet.
    fn post_file(
        &self,
        asked: &Asked,
        object: &Object,
        path: &str,
        kind: &'static str,
        mode: FileMode,
        owner: Owner,
    ) -> Result<RequestBuilder> {
        let request = self.request(asked, Method::POST, &object.request().below("files").with("path", path))?;
        Ok(request
            .header("X-Incus-type", kind)
            .header("X-Incus-mode", mode.to_string())
            .header("X-Incus-uid", owner.uid)
            .header("X-Incus-gid", owner.gid))
    }

    /// Reads a file of an instance; `None` where the instance has none.
    ///
    /// # Errors
    /// [`super::Refusal::NotFound`] where there is no such instance; [`super::Error::TooLarge`] where it has more than `limit` bytes; [`super::Error::Malformed`] where it is no regular file.
    pub async fn pull_file(
        &self,
        project: &ProjectName,
        instance: &str,
        path: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("read", &format_args!("the file {path} of {object}"));
        let request = self.request(&asked, Method::GET, &object.request().below("files").with("path", path))?;
        let exchange = async {
            let Some(response) = self.fetch(&asked, &object, request).await? else { return Ok(None) };
            match header(response.headers(), "X-Incus-type").as_deref() {
                Some("file") => read_all(&asked, response, limit).await.map(Some),
                _ => Err(asked.malformed(&"it is not a regular file")),
            }
        };
        timeout(self.limits.change, exchange).await.map_err(|_| asked.timed_out(self.limits.change))?
    }
}

fn accepted(asked: &Asked, verdict: Verdict) -> Result<()> {
    match verdict {
        Verdict::Answer(_) => Ok(()),
        Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_octal_to_the_daemon() {
        assert_eq!(FileMode(0o644).to_string(), "0644");
        assert_eq!(FileMode(0o4755).to_string(), "04755");
        assert_eq!(FileMode(0).to_string(), "0000");
    }
}
