//! The base images in the daemon.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{Error, Result};
use crate::digest::{Fingerprint, InvalidDigest};
use crate::incus::{Client, Collection, Image, ImageSource, Job, Object, ProjectName, Refusal, Upload};
use crate::lab_file::ImageServer;
use crate::mark::Mark;
use crate::names::LabName;

/// The alias of the image that a launch takes, for those who use `incus` by hand.
const ALIAS: &str = "base";

/// The project of a lab.
pub(super) fn project(lab: &LabName) -> ProjectName {
    ProjectName::from(lab)
}

/// The images in a lab's project, as they were listed.
#[derive(Debug)]
pub struct Stored(Vec<Image>);

impl Stored {
    /// Lists them, in one request.
    pub(super) async fn list(client: &Client, lab: &LabName) -> Result<Self> {
        Ok(Self(client.list(&Collection::images(&project(lab))).await?))
    }

    /// Whether the image is there, whoever brought it.
    pub(super) fn has(&self, fingerprint: &Fingerprint) -> bool {
        self.0.iter().any(|image| image.fingerprint == fingerprint.as_str())
    }

    /// Those that carry the lab's mark.
    pub(super) fn marked(&self, lab: &LabName) -> impl Iterator<Item = &Image> {
        self.0.iter().filter(move |image| Mark::of(lab).is_on(&image.properties))
    }
}

/// The images in the lab's project that carry its mark.
pub(super) async fn images(client: &Client, lab: &LabName) -> Result<Vec<Image>> {
    Ok(Stored::list(client, lab).await?.marked(lab).cloned().collect())
}

/// The fingerprint of an image that the daemon listed.
pub(super) fn fingerprint(image: &Image) -> Result<Fingerprint> {
    image.fingerprint.parse().map_err(|error: InvalidDigest| {
        let object = "the images of the lab".to_owned();
        Error::Incus(crate::incus::Error::Malformed { action: "list", object, reason: error.to_string() })
    })
}

/// Whether the lab's project has the image.
pub(super) async fn has(client: &Client, lab: &LabName, fingerprint: &Fingerprint) -> Result<bool> {
    Ok(client.exists(&Object::image(&project(lab), fingerprint.as_str())).await?)
}

/// Uploads a unified tarball, of which the daemon checks the fingerprint.
pub(super) async fn upload(
    client: &Client,
    lab: &LabName,
    path: &Path,
    fingerprint: &Fingerprint,
    job: &Job,
) -> Result<()> {
    let failed = |error| Error::file("open", path, error);
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let size = file.metadata().await.map_err(failed)?.len();
    let upload = Upload { size, fingerprint: Some(fingerprint.to_string()), properties: mark(lab) };
    let uploaded = client.upload_image(&project(lab), &upload, file, job).await;
    unless_there(client, lab, fingerprint, uploaded).await
}

/// Lets the daemon pull an image from its server.
pub(super) async fn pull(client: &Client, lab: &LabName, server: &ImageServer, job: &Job) -> Result<()> {
    let source = ImageSource {
        server: server.url.clone(),
        protocol: "simplestreams".into(),
        image: server.fingerprint.to_string(),
        certificate: None,
        properties: mark(lab),
    };
    let pulled = client.copy_image(&project(lab), &source, job).await;
    unless_there(client, lab, &server.fingerprint, pulled).await
}

/// The properties that say whose an image is. podclaw deletes none without them.
fn mark(lab: &LabName) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    Mark::of(lab).put_on(&mut properties);
    properties
}

/// Another build may have brought the image in the meantime, which is as good.
async fn unless_there(
    client: &Client,
    lab: &LabName,
    fingerprint: &Fingerprint,
    brought: crate::incus::Result<String>,
) -> Result<()> {
    match brought {
        Err(error) if error.refusal() == Some(Refusal::AlreadyExists) && has(client, lab, fingerprint).await? => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

/// Points the lab's alias at an image.
pub(super) async fn name(client: &Client, lab: &LabName, fingerprint: &Fingerprint, job: &Job) -> Result<()> {
    Ok(client.set_image_alias(&project(lab), ALIAS, fingerprint.as_str(), job).await?)
}
