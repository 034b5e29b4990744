//! Baked images: a base image on which every stage that needs no identity has run.
//!
//! They are in the lab's project and nowhere else. What one was made of is in its key, which is a property of it: an
//! image with another key is another image, and none is ever changed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::cache::{Cache, Held};
use super::error::Result;
use super::{Images, Request, Stored, daemon};
use crate::digest::{Fingerprint, Sha256};
use crate::incus::{Client, Job};
use crate::mark::Mark;

/// The properties that say what a baked image was made of: everything, and for people the two images.
const KEY: &str = "user.podclaw.bake";
const BASE: &str = "user.podclaw.base";
const GATEWAY: &str = "user.podclaw.gateway";

/// The digest of everything that goes into a baked image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakeKey(Sha256);

impl BakeKey {
    /// The format of baked images; to be raised when podclaw itself treats the builder in another way than before.
    const FORMAT: u32 = 1;

    /// The key of what is made of these images by a builder with this user-data, which has all scripts in it.
    #[must_use]
    pub fn new(images: &Images, user_data: &str) -> Self {
        let (base, gateway) = (&images.base.fingerprint, images.gateway.id());
        Self(Sha256::of(format!("{}\n{base}\n{gateway}\n{user_data}", Self::FORMAT).as_bytes()))
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

/// The properties that a baked image of a lab gets.
#[must_use]
pub fn baked_properties(request: Request<'_>, images: &Images, key: &BakeKey) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::from([
        (KEY.to_owned(), key.to_string()),
        (BASE.to_owned(), images.base.fingerprint.to_string()),
        (GATEWAY.to_owned(), images.gateway.id()),
        ("description".to_owned(), format!("{}, baked", images.base.description)),
    ]);
    Mark::of(request.lab).put_on(&mut properties);
    properties
}

/// The baked image with this key, if there is one.
///
/// # Errors
/// What the daemon says.
pub async fn baked(client: &Client, request: Request<'_>, key: &BakeKey) -> Result<Option<BakedImage>> {
    baked_of(&Stored::list(client, request.lab).await?, request, key)
}

/// The same among images that were listed.
///
/// # Errors
/// Where what the daemon listed is no image.
pub fn baked_of(stored: &Stored, request: Request<'_>, key: &BakeKey) -> Result<Option<BakedImage>> {
    let wanted = key.to_string();
    let mut marked = stored.marked(request.lab);
    let Some(found) = marked.find(|image| image.properties.get(KEY) == Some(&wanted)) else { return Ok(None) };
    Ok(Some(BakedImage { fingerprint: daemon::fingerprint(found)?, key: key.clone() }))
}

/// The baked images of the lab with another key than this one.
///
/// # Errors
/// What the daemon says.
pub async fn baked_before(client: &Client, request: Request<'_>, key: &BakeKey) -> Result<Vec<Fingerprint>> {
    let wanted = key.to_string();
    let images = daemon::images(client, request.lab).await?;
    let others = images.iter().filter(|image| image.properties.get(KEY).is_some_and(|key| *key != wanted));
    others.map(daemon::fingerprint).collect()
}

/// Whether an image is a baked one, and what of base and gateway image it was made of.
#[must_use]
pub fn made_of(properties: &BTreeMap<String, String>) -> Option<(&str, &str)> {
    let get = |key| properties.get(key).map_or("", String::as_str);
    properties.contains_key(KEY).then(|| (get(BASE), get(GATEWAY)))
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
}
