//! Which images there are, and getting rid of them.

use std::path::PathBuf;

use super::cache::Cache;
use super::error::{Error, Result};
use super::lock::{BuiltBase, Lock, LockedGateway, LockedNpm};
use super::{Request, baked, daemon};
use crate::digest::{Fingerprint, Sha256};
use crate::incus::{Client, Job, Object};
use crate::lab_file::GatewaySource;

/// The fewest digits that stand for an image.
const SHORTEST: usize = 8;

/// An image that podclaw has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is for.
    pub kind: Kind,
    /// Of a base image the fingerprint, of a gateway image the digest of its archive.
    pub digest: Sha256,
    /// What it is, for people; escaped.
    pub description: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where it is.
    pub place: Place,
    /// Whether `podclaw.lock` pins this one, so that the next launch takes it.
    pub locked: bool,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A guest's own system.
    Base,
    /// The gateway in a guest.
    Gateway,
    /// A guest's own system with the gateway in it.
    Baked,
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the lab's project in the daemon.
    Daemon,
    /// In the cache directory.
    Cache(PathBuf),
}

/// Which images are to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// Every one.
    All,
    /// Those whose digest, in hexadecimal, starts with one of these, each of which has at least 8 digits.
    These(&'a [String]),
}

/// Lists the images that podclaw put into the lab's project, and those in the cache directory.
///
/// # Errors
/// What the daemon or the file system says.
pub async fn list(client: &Client, request: Request<'_>) -> Result<Vec<Listed>> {
    let (lock, _) = Lock::read(request.lock)?;
    let base = lock.base.as_ref().map(|base| Sha256::from(base.fingerprint().clone()));
    let gateway = match &lock.gateway {
        Some(LockedGateway::Npm(LockedNpm { built: Some(built), .. })) => Some(built.archive.clone()),
        _ => None,
    };
    let pinned = pinned(request)?;
    let note = baked::note(client, request).await?;
    let mut found = Vec::new();
    for image in daemon::images(client, request.lab).await? {
        let description = image.properties.get("description").map_or("", String::as_str);
        let digest = daemon::fingerprint(&image)?.into();
        let made_of = baked::made_of(&image.properties);
        let locked = match made_of {
            None => base.as_ref() == Some(&digest),
            Some((from_base, from_gateway)) => {
                let is = |pinned: Option<String>, from: &str| pinned.is_some_and(|pinned| pinned == from);
                let is_named = note.as_ref().is_some_and(|note| note.vouches_for(&image));
                is_named
                    && is(pinned.base.as_ref().map(ToString::to_string), from_base)
                    && is(pinned.gateway.clone(), from_gateway)
            }
        };
        found.push(Listed {
            kind: if made_of.is_some() { Kind::Baked } else { Kind::Base },
            locked,
            description: crate::text::excerpt(description, 80),
            digest,
            size: image.size,
            place: Place::Daemon,
        });
    }
    let cache = Cache::new(request.cache);
    let mut add = |kind, digest: Sha256, description, locked: &Option<Sha256>| {
        if let Some((path, size)) = cache.get(kind, &digest) {
            let locked = locked.as_ref() == Some(&digest);
            found.push(Listed { kind, digest, description, size, place: Place::Cache(path), locked });
        }
    };
    for (digest, record) in cache.records::<BuiltBase>(Kind::Base) {
        let system = record.system;
        let description = format!("{} {} {}", system.distribution, system.suite, system.architecture);
        add(Kind::Base, digest, description, &base);
    }
    for (digest, record) in cache.records::<LockedNpm>(Kind::Gateway) {
        let description = format!("openclaw {}, node {}", record.openclaw, record.node);
        add(Kind::Gateway, digest, description, &gateway);
    }
    Ok(found)
}

/// What is pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pinned {
    /// The base image's fingerprint.
    pub base: Option<Fingerprint>,
    /// The gateway image's digest or reference, as receipts have it.
    pub gateway: Option<String>,
}

/// What the lock file, and the lab file where it names a digest itself, pin. The daemon is not asked.
///
/// # Errors
/// What the file system says, or that the lock is none.
pub fn pinned(request: Request<'_>) -> Result<Pinned> {
    let (lock, _) = Lock::read(request.lock)?;
    let gateway = match (&request.sources.gateway, &lock.gateway) {
        (GatewaySource::Npm(_), Some(LockedGateway::Npm(LockedNpm { built: Some(built), .. }))) => {
            Some(built.archive.to_string())
        }
        (GatewaySource::Npm(_), _) => None,
        (GatewaySource::Registry(registry), _) => Some(registry.reference.to_string()),
        (GatewaySource::Archive(archive), _) => Some(archive.digest.to_string()),
    };
    Ok(Pinned { base: lock.base.as_ref().map(|base| base.fingerprint().clone()), gateway })
}

/// Deletes images from the lab's project and from the cache directory; returns what was deleted.
///
/// # Errors
/// [`Error::NoSuchImage`] where a digest stands for no image or for several; nothing is deleted then. What the daemon
/// or the file system says; an image that is gone already is no error.
pub async fn delete(client: &Client, request: Request<'_>, which: Which<'_>, job: &Job) -> Result<Vec<Listed>> {
    let found = choose(list(client, request).await?, which)?;
    let cache = Cache::new(request.cache);
    // No build may run meanwhile: it would count on what goes. A launch does not wait, and says what is missing.
    let _held = cache.hold(job).await?;
    let project = daemon::project(request.lab);
    for image in &found {
        match &image.place {
            Place::Daemon => {
                client.delete(&Object::image(&project, image.digest.hex()), job).await?;
            }
            Place::Cache(_) => cache.remove(image.kind, &image.digest)?,
        }
    }
    Ok(found)
}

/// The images that are meant. One image may be in two places, and both are meant then.
fn choose(all: Vec<Listed>, which: Which<'_>) -> Result<Vec<Listed>> {
    let Which::These(digests) = which else {
        return Ok(all);
    };
    let stands_for =
        |wanted: &String, image: &Listed| wanted.len() >= SHORTEST && image.digest.hex().starts_with(wanted.as_str());
    for wanted in digests {
        let mut meant: Vec<&Sha256> =
            all.iter().filter(|image| stands_for(wanted, image)).map(|image| &image.digest).collect();
        meant.sort_unstable();
        meant.dedup();
        if meant.len() != 1 {
            return Err(Error::NoSuchImage { digest: crate::text::excerpt(wanted, 80), found: meant.len() });
        }
    }
    let is_meant = |image: &Listed| digests.iter().any(|wanted| stands_for(wanted, image));
    Ok(all.into_iter().filter(is_meant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(digest: &str, place: Place) -> Listed {
        let digest = format!("sha256:{digest:0<64}").parse().expect("a digest");
        let description = String::new();
        Listed { kind: Kind::Base, digest, description, size: 0, place, locked: false }
    }

    #[test]
    fn a_digest_stands_for_one_image_in_all_its_places() {
        let all = vec![
            image("0123456789ab", Place::Daemon),
            image("0123456789ab", Place::Cache("x".into())),
            image("01234567cdef", Place::Daemon),
        ];
        let chosen = |digests: &[&str]| {
            let digests: Vec<String> = digests.iter().map(ToString::to_string).collect();
            choose(all.clone(), Which::These(&digests)).map(|found| found.len()).map_err(|error| error.to_string())
        };
        assert_eq!(choose(all.clone(), Which::All).expect("all").len(), 3);
        assert_eq!(chosen(&[]), Ok(0));
        assert_eq!(chosen(&["0123456789"]), Ok(2));
        assert!(chosen(&["01234567"]).expect_err("two").contains("several"));
        assert!(chosen(&["0123456"]).expect_err("too short").contains("none"));
        assert!(chosen(&["0123456789", "ffffffff"]).expect_err("one is unknown").contains("none"));
    }
}
