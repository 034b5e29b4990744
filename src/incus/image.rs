//! Getting images into the daemon.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Result};
use super::job::Job;
use super::location::{Collection, Object, ProjectName};
use super::timeline::Wait;
use super::transport::{Answer, Payload, Verdict};
use super::verbs::to_json;
use crate::digest::Fingerprint;

/// How much of an image that is read waits to be looked at: in parts as they come, and as a whole in bytes.
const CHUNKS: usize = 16;
const BUFFER: usize = 256 << 10;

/// A unified image tarball to upload.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The tarball's size, in bytes.
    pub size: u64,
    /// Its SHA-256 in hexadecimal, which the daemon checks.
    pub fingerprint: Option<String>,
    /// What is said about the image, besides what its own metadata says.
    ///
    /// Leave this empty where the metadata has no `properties` at all: Incus 6.0.4 crashes on the two together.
    pub properties: BTreeMap<String, String>,
}

/// An image on an image server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSource {
    /// The server's URL.
    pub server: String,
    /// `simplestreams` or `incus`.
    pub protocol: String,
    /// An alias or a fingerprint of the image there.
    pub image: String,
    /// The server's certificate, where the system does not trust it; PEM.
    pub certificate: Option<String>,
    /// What is said about the image, besides what the server says.
    pub properties: BTreeMap<String, String>,
}

impl Client {
    /// Uploads an image and returns its fingerprint. Never holds more than a few hundred KiB of it.
    ///
    /// # Errors
    /// [`super::Refusal::AlreadyExists`] where the project has the image already; [`super::Error::Source`] where `tarball`
    /// cannot be read or is shorter than promised.
    pub async fn upload_image(
        &self,
        project: &ProjectName,
        upload: &Upload,
        tarball: impl AsyncRead + Send + 'static,
        job: &Job,
    ) -> Result<String> {
        let what = upload.fingerprint.as_deref().unwrap_or("from a tarball");
        let asked = Asked::new("upload", &Object::image(project, what));
        let request = self.request(&asked, Method::POST, &Collection::images(project).request())?;
        let mut request = request.header("X-Incus-public", "false");
        if let Some(fingerprint) = &upload.fingerprint {
            request = request.header("X-Incus-fingerprint", fingerprint);
        }
        if !upload.properties.is_empty() {
            request = request.header("X-Incus-properties", query(&upload.properties));
        }
        let response = self.send_stream(&asked, request, tarball, upload.size, job).await?;
        match response {
            Verdict::Answer(Answer::Async(operation)) => {
                fingerprint(&asked, &self.finish(&asked, *operation, job).await?.metadata)
            }
            Verdict::Answer(Answer::Sync(_)) => Err(asked.malformed(&"it is not about an operation")),
            Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
        }
    }

    /// Lets the daemon fetch an image from an image server, and returns its fingerprint.
    ///
    /// # Errors
    /// Whatever the daemon says: no such image, server not reachable, certificate not trusted, no space.
    pub async fn copy_image(&self, project: &ProjectName, source: &ImageSource, job: &Job) -> Result<String> {
        let from = format!("image {} from {}", source.image, source.server);
        let asked = Asked::new("copy", &from);
        let mut wanted = json!({
            "type": "image", "mode": "pull", "image_type": "container",
            "server": source.server, "protocol": source.protocol,
            "certificate": source.certificate.as_deref().unwrap_or_default(),
        });
        let is_fingerprint = source.image.parse::<Fingerprint>().is_ok();
        wanted[if is_fingerprint { "fingerprint" } else { "alias" }] = source.image.as_str().into();
        let properties = &source.properties;
        let body = json!({ "source": wanted, "public": false, "auto_update": false, "properties": properties });
        let payload = Payload::Json(to_json(&asked, &body)?);
        let to = Collection::images(project).request();
        match self.change(&asked, Method::POST, &to, payload, job).await? {
            Some(operation) => fingerprint(&asked, &operation.metadata),
            None => Err(asked.malformed(&"it is not about an operation")),
        }
    }

    /// Makes an image of an instance, which must not run, and returns its fingerprint. Nobody sees the image before it is
    /// whole. It is not compressed: it is unpacked on the same machine.
    ///
    /// # Errors
    /// [`super::Refusal::NotFound`] where there is no such instance; else why it could not, such as no space.
    pub async fn publish(
        &self,
        project: &ProjectName,
        instance: &str,
        properties: &BTreeMap<String, String>,
        job: &Job,
    ) -> Result<String> {
        let object = Object::instance(project, instance);
        let asked = Asked::new("publish", &object);
        let body = json!({
            "source": { "type": "instance", "name": instance },
            "properties": properties, "public": false, "auto_update": false, "compression_algorithm": "none",
        });
        let payload = Payload::Json(to_json(&asked, &body)?);
        let to = Collection::images(project).request();
        match self.change(&asked, Method::POST, &to, payload, job).await? {
            Some(operation) => fingerprint(&asked, &operation.metadata),
            None => Err(asked.malformed(&"it is not about an operation")),
        }
    }

    /// Reads an image as the daemon would give it away: a tar archive, where it was published without being compressed.
    /// `read` runs on a thread of its own; where it ends early, no more is fetched.
    ///
    /// # Errors
    /// What `read` gives is no error of this. [`super::Refusal::NotFound`] where there is no such image; that the daemon
    /// stood still.
    pub async fn export_image<T: Send + 'static>(
        &self,
        project: &ProjectName,
        fingerprint: &str,
        read: impl FnOnce(&mut dyn Read) -> T + Send + 'static,
        job: &Job,
    ) -> Result<T> {
        let object = Object::image(project, fingerprint);
        let asked = Asked::new("read", &object);
        let request = self.request(&asked, Method::GET, &object.request().below("export"))?;
        let sent = timeout(self.limits.read, self.send(&asked, Wait::Request, request)).await;
        let (mut response, _span) = sent.map_err(|_| asked.timed_out(self.limits.read))??;
        if !response.status().is_success() {
            return match self.verdict(&asked, response).await? {
                Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
                Verdict::Answer(_) => Err(asked.malformed(&"it says two things at once")),
            };
        }
        let (sender, receiver) = mpsc::channel(CHUNKS);
        let reader = tokio::task::spawn_blocking(move || {
            let mut archive = BufReader::with_capacity(BUFFER, Chunks { receiver, chunk: None, at: 0, ended: false });
            read(&mut archive)
        });
        loop {
            let next = tokio::select! {
                next = timeout(self.limits.stall, response.chunk()) => next,
                () = job.cancel.cancelled() => return Err(Error::Cancelled),
            };
            let chunk = next.map_err(|_| asked.timed_out(self.limits.stall))?.map_err(|error| asked.broken(error))?;
            let is_last = chunk.is_none();
            // Whoever has read enough does not listen any more.
            if sender.send(chunk).await.is_err() || is_last {
                break;
            }
        }
        reader.await.map_err(|error| asked.source(&error))
    }

    /// Points an alias at an image, whether or not it pointed at another before.
    ///
    /// # Errors
    /// [`super::Refusal::NotFound`] where the project has no such image.
    pub async fn set_image_alias(
        &self,
        project: &ProjectName,
        alias: &str,
        fingerprint: &str,
        job: &Job,
    ) -> Result<()> {
        let object = Object::image_alias(project, alias);
        let body = json!({ "target": fingerprint, "description": "" });
        if self.exists(&object).await? {
            self.replace(&object, &body, job).await
        } else {
            self.create(&object, &body, job).await
        }
    }
}

/// What comes in, for somebody who waits for it.
struct Chunks<B> {
    /// Nothing is the end; without it, what came is cut off.
    receiver: mpsc::Receiver<Option<B>>,
    chunk: Option<B>,
    at: usize,
    ended: bool,
}

impl<B: AsRef<[u8]>> Read for Chunks<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.chunk.as_ref().and_then(|chunk| chunk.as_ref().get(self.at..)).unwrap_or_default();
            if !left.is_empty() {
                let taken = left.len().min(buffer.len());
                buffer[..taken].copy_from_slice(&left[..taken]);
                self.at += taken;
                return Ok(taken);
            }
            if self.ended {
                return Ok(0);
            }
            self.chunk = self.receiver.blocking_recv().ok_or(io::ErrorKind::UnexpectedEof)?;
            self.at = 0;
            self.ended = self.chunk.is_none();
        }
    }
}

/// The fingerprint that an operation that made an image ends with.
fn fingerprint(asked: &Asked, metadata: &Map<String, Value>) -> Result<String> {
    let found = metadata.get("fingerprint").and_then(Value::as_str).and_then(|text| text.parse::<Fingerprint>().ok());
    found.map(String::from).ok_or_else(|| asked.malformed(&"its operation has no fingerprint"))
}

/// Names and values as the daemon wants them in a header: as the query of a URL.
fn query(pairs: &BTreeMap<String, String>) -> String {
    let mut url = reqwest::Url::parse("http://incus").ok();
    url.as_mut()
        .map(|url| url.query_pairs_mut().extend_pairs(pairs).finish().query().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_escaped() {
        let pairs = BTreeMap::from([("os".to_owned(), "a&b=c\n%".to_owned()), ("release".to_owned(), "13".to_owned())]);
        assert_eq!(query(&pairs), "os=a%26b%3Dc%0A%25&release=13");
    }
}
