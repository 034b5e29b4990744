//! Finding the images that a launch takes.

use super::distribution::Family;
use super::error::{Error, Result};
use super::lock::{LockedBase, LockedGateway, LockedNpm};
use super::make::{BASE, GATEWAY, Making};
use super::npm::Packages;
use super::{BaseImage, GatewayArchive, GatewayImage, Images, Kind, Stored, gateway, oci_read};
use crate::lab_file::{BaseSource, GatewaySource};

impl Making<'_> {
    /// Finds what is pinned, without making anything.
    pub(super) async fn find(&self) -> Result<(Images, Stored)> {
        let stored = Stored::list(self.client, self.request.lab).await?;
        Ok((Images { base: self.find_base(&stored)?, gateway: self.find_gateway()? }, stored))
    }

    fn find_base(&self, stored: &Stored) -> Result<BaseImage> {
        let missing = |reason| Err(Error::NotBuilt { image: BASE, reason });
        let Some(locked) = &self.lock.base else {
            return missing(format!("{} names none yet", self.request.lock.display()));
        };
        let description = match &self.request.sources.base {
            BaseSource::ImageServer(server) => {
                let (url, fingerprint) = (server.url.clone(), server.fingerprint.clone());
                self.refuse(BASE, locked.differences(&LockedBase::ImageServer { url, fingerprint }))?;
                server.alias.clone().unwrap_or_else(|| server.url.clone())
            }
            BaseSource::Debian(archive) => self.describe(Family::Debian, archive, locked)?,
            BaseSource::Ubuntu(archive) => self.describe(Family::Ubuntu, archive, locked)?,
        };
        let fingerprint = locked.fingerprint();
        if !stored.has(fingerprint) {
            let project = self.request.lab.project();
            return missing(format!(
                "the project {project} does not have {}, which podclaw.lock pins",
                fingerprint.short()
            ));
        }
        Ok(BaseImage { fingerprint: fingerprint.clone(), description })
    }

    fn describe(&self, family: Family, archive: &super::Archive, locked: &LockedBase) -> Result<String> {
        self.wanted_base(family, archive, locked)?;
        Ok(match locked {
            LockedBase::Built(built) => {
                format!("{} {} {}", family.name(), built.system.suite, built.system.architecture)
            }
            LockedBase::ImageServer { url, .. } => url.clone(),
        })
    }

    fn find_gateway(&self) -> Result<GatewayImage> {
        let missing = |reason| Err(Error::NotBuilt { image: GATEWAY, reason });
        let same = |found: &LockedGateway| match &self.lock.gateway {
            Some(locked) => self.refuse(GATEWAY, locked.differences(found)),
            // The lab file itself pins what it names by digest.
            None => Ok(()),
        };
        let npm = match &self.request.sources.gateway {
            GatewaySource::Registry(registry) => {
                same(&LockedGateway::Registry { reference: registry.reference.clone() })?;
                return Ok(GatewayImage::Registry(registry.reference.clone()));
            }
            GatewaySource::Archive(given) => {
                same(&LockedGateway::Archive { digest: given.digest.clone() })?;
                let found = oci_read::read(&given.path)?;
                return Ok(GatewayImage::Archive(GatewayArchive {
                    path: given.path.clone(),
                    size: found.size,
                    digest: given.digest.clone(),
                    image_id: found.image_id,
                    name: found.name,
                }));
            }
            GatewaySource::Npm(npm) => npm,
        };
        let not_yet = || missing(format!("{} names none that was built", self.request.lock.display()));
        let Some(locked) = &self.lock.gateway else {
            return not_yet();
        };
        self.wanted_gateway(&Packages::read(npm)?, locked)?;
        let LockedGateway::Npm(LockedNpm { openclaw, built: Some(built), .. }) = locked else {
            return not_yet();
        };
        let Some((path, size)) = self.cache.get(Kind::Gateway, &built.archive) else {
            let path = self.cache.path(Kind::Gateway, &built.archive);
            return missing(format!("there is no {}, which podclaw.lock pins", path.display()));
        };
        Ok(GatewayImage::Archive(GatewayArchive {
            path,
            size,
            digest: built.archive.clone(),
            image_id: built.image_id.clone(),
            name: Some(gateway::name(openclaw)),
        }))
    }
}
