//! Making whatever is missing: first both images, side by side; then, if both are as pinned, what the daemon needs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tokio::sync::OnceCell;

use super::cache::{Cache, Held};
use super::distribution::{Distribution, Family, Host};
use super::error::{Error, Result};
use super::hashing::Hashing;
use super::lock::{BuiltBase, Lock, LockedBase, LockedGateway, LockedNpm, Wanted};
use super::npm::Packages;
use super::{Images, Kind, Request, base, daemon, distribution, gateway, together};
use crate::digest::{Fingerprint, Sha256};
use crate::file;
use crate::incus::{Client, Job};
use crate::lab_file::{Archive, BaseSource, GatewaySource, GivenArchive, Npm};

/// How the two images are called in messages.
pub(super) const BASE: &str = "base image";
pub(super) const GATEWAY: &str = "gateway image";

/// The images of a lab, being made or looked for.
pub(super) struct Making<'a> {
    pub(super) client: &'a Client,
    pub(super) request: Request<'a>,
    pub(super) lock: Lock,
    pub(super) cache: Cache,
    pub(super) host: Host,
    /// Whether the lock file is renewed, and so nothing in it counts.
    update: bool,
    /// Taken by the first of the two that has to build.
    held: OnceCell<Held>,
}

impl<'a> Making<'a> {
    pub(super) fn new(client: &'a Client, request: Request<'a>, update: bool) -> Result<Self> {
        let (mut lock, exists) = Lock::read(request.lock)?;
        // The lock that is compiled in is about podclaw's own packages, and about nobody else's.
        if !exists && request.sources.gateway != GatewaySource::Npm(Npm::default()) {
            lock.gateway = None;
        }
        let (cache, host) = (Cache::new(request.cache), Host::this());
        Ok(Self { client, request, lock, cache, host, update, held: OnceCell::new() })
    }

    /// Makes what is missing.
    pub(super) async fn build(self, job: &Job) -> Result<Images> {
        let both = Job::new(job.progress.clone(), job.cancel.child_token());
        let lane = |name: &str| Job::new(both.progress.lane(name), both.cancel.clone());
        let (base_job, gateway_job) = (lane(BASE), lane(GATEWAY));
        let (base, gateway) = {
            let (base, gateway) = (self.make_base(&base_job), self.make_gateway(&gateway_job));
            together(&both.cancel, Box::pin(base), Box::pin(gateway)).await?
        };
        if !self.update {
            self.compare(&base, &gateway)?;
        }
        self.bring(&base, &base_job).await?;
        let made = Lock { base: Some(base), gateway: Some(gateway), ..Lock::default() };
        if made != self.lock || !self.request.lock.exists() {
            made.write(self.request.lock)?;
        }
        let found = Self { lock: made, ..self };
        found.find().await.map(|(images, _)| images)
    }

    /// Refuses what is not as pinned.
    fn compare(&self, base: &LockedBase, gateway: &LockedGateway) -> Result<()> {
        if let Some(locked) = &self.lock.base {
            self.refuse(BASE, locked.differences(base))?;
        }
        if let Some(locked) = &self.lock.gateway {
            self.refuse(GATEWAY, locked.differences(gateway))?;
        }
        Ok(())
    }

    async fn make_base(&self, job: &Job) -> Result<LockedBase> {
        let (family, archive) = match &self.request.sources.base {
            BaseSource::Debian(archive) => (Family::Debian, archive),
            BaseSource::Ubuntu(archive) => (Family::Ubuntu, archive),
            BaseSource::ImageServer(server) => {
                return Ok(LockedBase::ImageServer {
                    url: server.url.clone(),
                    fingerprint: server.fingerprint.clone(),
                });
            }
        };
        if !self.update
            && let Some(locked) = &self.lock.base
        {
            self.wanted_base(family, archive, locked)?;
            let there = daemon::has(self.client, self.request.lab, locked.fingerprint()).await?;
            let digest = locked.fingerprint().clone().into();
            if there || self.cache.get(Kind::Base, &digest).is_some() {
                return Ok(locked.clone());
            }
        }
        let distribution = Distribution::find(family, archive, &self.host)?;
        let held = self.hold(job).await?;
        let inputs = base::inputs(&base::bootstrap(&distribution));
        let usable = |built: &BuiltBase| built.inputs == inputs && built.system.sources == distribution.lines;
        if let Some(built) = self.usable(Kind::Base, usable, self.lock.base.is_some()) {
            return Ok(LockedBase::Built(built));
        }
        let started = begin(job, &format!("building {} with mmdebstrap", distribution.describe()));
        let built = base::build(&distribution, held, job).await?;
        job.progress.done(
            format!("built {}, {} packages", distribution.describe(), built.system.packages.len()),
            started.elapsed(),
        );
        Ok(LockedBase::Built(built))
    }

    async fn make_gateway(&self, job: &Job) -> Result<LockedGateway> {
        let npm = match &self.request.sources.gateway {
            GatewaySource::Npm(npm) => npm,
            GatewaySource::Registry(registry) => {
                return Ok(LockedGateway::Registry { reference: registry.reference.clone() });
            }
            GatewaySource::Archive(given) => {
                check_given(given, job).await?;
                return Ok(LockedGateway::Archive { digest: given.digest.clone() });
            }
        };
        let packages = Packages::read(npm)?;
        let (family, archive) = self.gateway_distribution();
        if !self.update
            && let Some(locked) = &self.lock.gateway
        {
            self.wanted_gateway(&packages, locked)?;
            if let LockedGateway::Npm(LockedNpm { built: Some(built), .. }) = locked
                && self.cache.get(Kind::Gateway, &built.archive).is_some()
            {
                return Ok(locked.clone());
            }
        }
        let distribution = Distribution::find(family, &archive, &self.host)?;
        let held = self.hold(job).await?;
        let inputs = gateway::inputs(&distribution, &packages);
        let usable = |made: &LockedNpm| {
            let same = |built: &super::lock::BuiltGateway| {
                built.inputs == inputs && built.system.sources == distribution.lines
            };
            made.built.as_ref().is_some_and(same)
        };
        let pinned = matches!(&self.lock.gateway, Some(LockedGateway::Npm(LockedNpm { built: Some(_), .. })));
        if let Some(made) = self.usable(Kind::Gateway, usable, pinned) {
            return Ok(LockedGateway::Npm(made));
        }
        let started = begin(job, &format!("building openclaw {} from npm", packages.lock.openclaw));
        let made = gateway::build(&distribution, &packages, held, job).await?;
        job.progress.done(format!("built openclaw {}, node {}", made.openclaw, made.node), started.elapsed());
        Ok(LockedGateway::Npm(made))
    }

    /// An image in the cache that was built from the same, where nothing says which one it has to be.
    fn usable<T: serde::de::DeserializeOwned>(
        &self,
        kind: Kind,
        is_usable: impl Fn(&T) -> bool,
        pinned: bool,
    ) -> Option<T> {
        if self.update || pinned {
            return None;
        }
        self.cache.records(kind).into_iter().map(|(_, record)| record).find(is_usable)
    }

    /// The distribution of the gateway image: that of the base image, where podclaw builds it.
    pub(super) fn gateway_distribution(&self) -> (Family, Archive) {
        match &self.request.sources.base {
            BaseSource::Debian(archive) => (Family::Debian, archive.clone()),
            BaseSource::Ubuntu(archive) => (Family::Ubuntu, archive.clone()),
            BaseSource::ImageServer(_) => (self.host.family().unwrap_or(Family::Debian), Archive::default()),
        }
    }

    /// Refuses a base image that the lock file has for another recipe.
    pub(super) fn wanted_base(&self, family: Family, archive: &Archive, locked: &LockedBase) -> Result<()> {
        let distribution = Distribution::named(family, archive);
        let inputs = base::inputs(&base::bootstrap(&distribution));
        let differences = match locked {
            LockedBase::Built(built) => wanted(inputs, &distribution).differences(&built.inputs, &built.system),
            LockedBase::ImageServer { .. } => vec![locked.another_source("built here")],
        };
        self.refuse(BASE, differences)
    }

    /// Refuses a gateway image that the lock file has for other packages, or for another recipe.
    pub(super) fn wanted_gateway(&self, packages: &Packages, locked: &LockedGateway) -> Result<()> {
        let (family, archive) = self.gateway_distribution();
        let distribution = Distribution::named(family, &archive);
        let unbuilt = LockedGateway::Npm(LockedNpm {
            openclaw: packages.lock.openclaw.clone(),
            node: packages.lock.node.clone(),
            package_lock: packages.digest.clone(),
            built: None,
        });
        let mut differences = locked.differences(&unbuilt);
        if let LockedGateway::Npm(LockedNpm { built: Some(built), .. }) = locked {
            let wanted = wanted(gateway::inputs(&distribution, packages), &distribution);
            differences.extend(wanted.differences(&built.inputs, &built.system));
        }
        self.refuse(GATEWAY, differences)
    }

    pub(super) fn refuse(&self, image: &'static str, differences: Vec<super::Difference>) -> Result<()> {
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::Mismatch { image, path: self.request.lock.into(), differences })
    }

    /// Brings the base image into the lab's project.
    async fn bring(&self, base: &LockedBase, job: &Job) -> Result<()> {
        let (client, lab, fingerprint) = (self.client, self.request.lab, base.fingerprint());
        if daemon::has(client, lab, fingerprint).await? {
            job.progress.note(format!("the image {} is there already", fingerprint.short()));
        } else if let BaseSource::ImageServer(server) = &self.request.sources.base {
            let started = begin(job, "pulling the image");
            daemon::pull(client, lab, server, job).await?;
            job.progress.done(format!("pulled {}", fingerprint.short()), started.elapsed());
        } else {
            let started = begin(job, "uploading the image");
            self.upload(fingerprint, job).await?;
            job.progress.done(format!("uploaded {}", fingerprint.short()), started.elapsed());
        }
        daemon::name(client, lab, fingerprint, job).await
    }

    async fn upload(&self, fingerprint: &Fingerprint, job: &Job) -> Result<()> {
        let digest: Sha256 = fingerprint.clone().into();
        let path = self.cache.path(Kind::Base, &digest);
        let found = hash(path.clone()).await?;
        if found != digest {
            self.cache.remove(Kind::Base, &digest)?;
            let reason = format!("the copy in the cache, {}, was damaged, and is gone now", path.display());
            return Err(Error::NotBuilt { image: BASE, reason });
        }
        daemon::upload(self.client, self.request.lab, &path, fingerprint, job).await
    }

    async fn hold(&self, job: &Job) -> Result<&Held> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        self.held.get_or_try_init(|| self.cache.hold(job)).await
    }
}

/// Makes Debian's base image without a daemon that it is for, and gives its path in the cache.
pub(super) async fn base_alone(archive: &Archive, cache: &Path, job: &Job) -> Result<PathBuf> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NotRoot);
    }
    let distribution = Distribution::find(Family::Debian, archive, &Host::this())?;
    let cache = Cache::new(cache);
    let held = cache.hold(job).await?;
    let inputs = base::inputs(&base::bootstrap(&distribution));
    let is_same = |built: &BuiltBase| built.inputs == inputs && built.system.sources == distribution.lines;
    let records = cache.records::<BuiltBase>(Kind::Base).into_iter().map(|(_, record)| record);
    let built = match { records }.find(is_same) {
        Some(built) => built,
        None => base::build(&distribution, &held, job).await?,
    };
    Ok(cache.path(Kind::Base, &built.fingerprint.into()))
}

fn wanted(inputs: Sha256, distribution: &Distribution) -> Wanted {
    Wanted {
        inputs,
        distribution: distribution.family.id(),
        suite: distribution.suite.clone(),
        architecture: distribution::architecture(),
    }
}

fn begin(job: &Job, what: &str) -> Instant {
    job.progress.begin(what);
    Instant::now()
}

/// Refuses an archive that is not the one that the lab file means.
async fn check_given(given: &GivenArchive, job: &Job) -> Result<()> {
    job.progress.begin("checking the given archive");
    let found = hash(given.path.clone()).await?;
    if found != given.digest {
        let reason = format!("its digest is {found}, and the lab file says {}", given.digest);
        return Err(Error::OciArchive { path: given.path.clone(), reason });
    }
    super::oci_read::read(&given.path).map(drop)
}

async fn hash(path: PathBuf) -> Result<Sha256> {
    gateway::blocking("read an image", move || {
        let read = |path: &Path| {
            let mut sink = Hashing::new(io::sink());
            io::copy(&mut io::BufReader::with_capacity(1 << 18, file::open(path)?), &mut sink)?;
            Ok(sink.finish().1)
        };
        read(&path).map_err(|error| Error::file("read", &path, error))
    })
    .await
}
