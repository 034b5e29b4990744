//! Baked images: a base image on which every stage that needs no identity has run.
//!
//! They are in the lab's project and nowhere else. What one was made of is in its key, which is a property of it: an
//! image with another key is another image. It gets its key only when it was looked at; before, it is nothing that anybody
//! uses. Whoever may write images in the project could give one a key, so the project itself says which image podclaw
//! baked, and one that it does not name is not used either.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::cache::{Cache, Held};
use super::error::{Error, Result};
use super::{Images, Request, Stored, daemon, sealed};
use crate::digest::{Fingerprint, Sha256};
use crate::incus::{Client, Config, Image, Job, Object, Project};
use crate::mark::Mark;

/// The key of the project's config that says which image podclaw baked: [`BakeNote`].
pub const BAKE_NOTE: &str = "user.podclaw.baked";

/// The properties that say what a baked image was made of: everything, and for people the two images.
const KEY: &str = "user.podclaw.bake";
const BASE: &str = "user.podclaw.base";
const GATEWAY: &str = "user.podclaw.gateway";

/// The digest of everything that goes into a baked image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakeKey(Sha256);

impl BakeKey {
    /// The key of what is made of these images by a builder with this user-data, which has all scripts in it. It is judged
    /// before anything is baked, and not again by those who launch from it: so a podclaw of other sources, which may judge
    /// otherwise, bakes anew.
    #[must_use]
    pub fn new(images: &Images, user_data: &str) -> Self {
        let (base, gateway) = (&images.base.fingerprint, images.gateway.id());
        let judge = env!("PODCLAW_SOURCES");
        Self(Sha256::of(format!("{judge}\n{base}\n{gateway}\n{user_data}").as_bytes()))
    }
}

impl fmt::Display for BakeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.hex())
    }
}

/// A baked image that is in the lab's project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakedImage {
    /// What instances are made from.
    pub fingerprint: Fingerprint,
    /// What it was made of.
    pub key: BakeKey,
}

/// What a lab's project says of the image that podclaw baked: of what, and which it is. Who may only write images and
/// guests in a project can't change what the project says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakeNote {
    key: BakeKey,
    fingerprint: Fingerprint,
}

impl BakeNote {
    /// What the config of a project says. What podclaw did not write counts as nothing.
    #[must_use]
    pub fn read(config: &Config) -> Option<Self> {
        let (key, fingerprint) = config.get(BAKE_NOTE)?.split_once('=')?;
        let key: Fingerprint = key.parse().ok()?;
        Some(Self { key: BakeKey(key.into()), fingerprint: fingerprint.parse().ok()? })
    }

    /// Whether it is this image that it names.
    #[must_use]
    pub fn names(&self, fingerprint: &str) -> bool {
        self.fingerprint.as_str() == fingerprint
    }

    /// Whether it names this image, and that has the key that it has to have.
    #[must_use]
    pub fn vouches_for(&self, image: &Image) -> bool {
        self.names(&image.fingerprint) && image.properties.get(KEY) == Some(&self.key.to_string())
    }
}

impl From<&BakedImage> for BakeNote {
    fn from(baked: &BakedImage) -> Self {
        Self { key: baked.key.clone(), fingerprint: baked.fingerprint.clone() }
    }
}

impl fmt::Display for BakeNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.fingerprint)
    }
}

/// The properties that an image of a lab is published with. The key is not among them: [`vouch`].
#[must_use]
pub fn baked_properties(request: Request<'_>, images: &Images) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::from([
        (BASE.to_owned(), images.base.fingerprint.to_string()),
        (GATEWAY.to_owned(), images.gateway.id()),
        ("description".to_owned(), format!("{}, baked", images.base.description)),
    ]);
    Mark::of(request.lab).put_on(&mut properties);
    properties
}

/// Looks at all of an image, as the daemon will unpack it, and gives it its key if it is fit to be one that guests are made
/// from.
///
/// # Errors
/// [`Error::Unfit`]; what the daemon says, such as that the image is not there any more.
pub async fn vouch(client: &Client, request: Request<'_>, baked: &BakedImage, job: &Job) -> Result<()> {
    let (project, fingerprint) = (daemon::project(request.lab), baked.fingerprint.as_str());
    let looked = client.export_image(&project, fingerprint, |archive| sealed::look(archive), job).await?;
    looked.map_err(|reason| Error::Unfit { reason })?;
    let object = Object::image(&project, fingerprint);
    // All of it is sent, as Incus 6.0 does not merge properties.
    let mut image: Image = client.get(&object).await?.unwrap_or_default();
    image.properties.insert(KEY.into(), baked.key.to_string());
    Ok(client.replace(&object, &image, job).await?)
}

/// The baked image with this key, if there is one, and the project names it.
///
/// # Errors
/// What the daemon says.
pub async fn baked(
    client: &Client,
    request: Request<'_>,
    note: Option<&BakeNote>,
    key: &BakeKey,
) -> Result<Option<BakedImage>> {
    Ok(baked_of(&Stored::list(client, request.lab).await?, request, note, key))
}

/// The same among images that were listed.
#[must_use]
pub fn baked_of(stored: &Stored, request: Request<'_>, note: Option<&BakeNote>, key: &BakeKey) -> Option<BakedImage> {
    let note = note.filter(|note| note.key == *key)?;
    let is_there = stored.marked(request.lab).any(|image| note.vouches_for(image));
    is_there.then(|| BakedImage { fingerprint: note.fingerprint.clone(), key: key.clone() })
}

/// The images of the lab that were to be baked ones, and were never looked at to their end: those of bakes that were killed.
///
/// # Errors
/// What the daemon says.
pub async fn unfinished(client: &Client, request: Request<'_>) -> Result<Vec<Fingerprint>> {
    let images = daemon::images(client, request.lab).await?;
    let is_unfinished = |image: &&Image| image.properties.contains_key(BASE) && !image.properties.contains_key(KEY);
    images.iter().filter(is_unfinished).map(daemon::fingerprint).collect()
}

/// The baked images of the lab, finished or not, but for this one.
///
/// # Errors
/// What the daemon says.
pub async fn baked_before(client: &Client, request: Request<'_>, baked: &BakedImage) -> Result<Vec<Fingerprint>> {
    let images = daemon::images(client, request.lab).await?;
    let others = images.iter().filter(|image| made_of(&image.properties).is_some());
    let others = others.filter(|image| image.fingerprint != baked.fingerprint.as_str());
    others.map(daemon::fingerprint).collect()
}

/// Whether an image was baked, or was to be, and what of base and gateway image it was made of.
#[must_use]
pub fn made_of(properties: &BTreeMap<String, String>) -> Option<(&str, &str)> {
    let get = |key| properties.get(key).map_or("", String::as_str);
    (properties.contains_key(KEY) || properties.contains_key(BASE)).then(|| (get(BASE), get(GATEWAY)))
}

/// Which image of a lab its project names.
///
/// # Errors
/// What the daemon says.
pub(super) async fn note(client: &Client, request: Request<'_>) -> Result<Option<BakeNote>> {
    let project = client.get::<Project>(&Object::project(&daemon::project(request.lab))).await?;
    Ok(project.and_then(|project| BakeNote::read(&project.config)))
}

/// The cache directory while nobody else builds, bakes, or deletes images.
#[derive(Debug)]
pub struct Turn(Held);

impl Turn {
    /// Waits for it.
    ///
    /// # Errors
    /// What the file system says; that the job was cancelled.
    pub async fn take(request: Request<'_>, job: &Job) -> Result<Self> {
        Cache::new(request.cache).hold(job).await.map(Self)
    }

    /// The file for the output of what runs.
    #[must_use]
    pub fn log(&self, name: &str) -> PathBuf {
        self.0.log(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{BaseImage, GatewayImage};

    #[test]
    fn whatever_goes_in_makes_another_key() {
        let images = |base: char, gateway: &str| Images {
            base: BaseImage {
                fingerprint: base.to_string().repeat(64).parse().expect("a fingerprint"),
                description: String::new(),
            },
            gateway: GatewayImage::Registry(
                format!("localhost/{gateway}@sha256:{}", "0".repeat(64)).parse().expect("a reference"),
            ),
        };
        let key = BakeKey::new(&images('a', "x"), "1");
        assert_eq!(key, BakeKey::new(&images('a', "x"), "1"));
        for other in [
            BakeKey::new(&images('b', "x"), "1"),
            BakeKey::new(&images('a', "y"), "1"),
            BakeKey::new(&images('a', "x"), "2"),
        ] {
            assert_ne!(key, other);
        }
    }

    #[test]
    fn a_note_is_read_as_it_was_written_or_not_at_all() {
        let (key, fingerprint) = ("a".repeat(64), "b".repeat(64));
        let read = |text: String| BakeNote::read(&Config::from([(BAKE_NOTE.to_owned(), text)]));
        let text = format!("{key}={fingerprint}");
        let note = read(text.clone()).expect("a note");
        assert_eq!(note.to_string(), text);
        for bad in [String::new(), key.clone(), format!("{key}="), format!("={fingerprint}"), format!("{text}=x")] {
            assert_eq!(read(bad.clone()), None, "{bad:?}");
        }
        let image = |fingerprint: &str, key: &str| Image {
            fingerprint: fingerprint.into(),
            properties: Config::from([(KEY.to_owned(), key.to_owned())]),
            ..Image::default()
        };
        assert!(note.vouches_for(&image(&fingerprint, &key)));
        assert!(!note.vouches_for(&image(&key, &key)) && !note.vouches_for(&image(&fingerprint, &fingerprint)));
        assert!(!note.vouches_for(&Image { fingerprint, ..Image::default() }), "it has no key");
    }
}
