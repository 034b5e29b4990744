//! Getting images into the daemon.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::io::AsyncRead;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::job::Job;
use super::location::{Collection, Object, ProjectName};
use super::transport::{Answer, Payload, Verdict};
use super::verbs::to_json;
use crate::digest::Fingerprint;

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
