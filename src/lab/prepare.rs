//! Everything about a launch that can be settled, and refused, before anything is created.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::Timestamp;

use crate::cloud_init::{self, Boot, StorageDriver, Templates};
use crate::digest::Sha256;
use crate::fence::Fence;
use crate::image::{self, BakeKey, BakeNote, BakedImage, GatewayImage, Images, Stored};
use crate::incus::{Collection, Config, Devices, Filter, Instance, InstanceKind, NewInstance, Project};
use crate::names::GuestName;
use crate::policy;
use crate::profile::{Layer, Stack};
use crate::rules::{self, Finding, Severity};

use super::bake::{BAKER_KEY, Baker};
use super::guests::{LAUNCH_KEY, Readiness, STATE_KEY};
use super::prepared::Prepared;
use super::timings::SettledAt;
use super::{Digests, Error, Lab, Result, digests, user_data};

/// The name of the guest that an image is baked in, which no other guest may have.
pub(super) const BUILDER: &str = "podclaw-bake";

/// What is to be launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchRequest {
    /// The guests' names; with none, as many as `count` get the next free ones.
    pub names: Vec<GuestName>,
    /// How many guests to name, where `names` is empty.
    pub count: usize,
    /// The profiles, in order; with none, those of the lab's settings.
    pub profiles: Vec<String>,
    /// Whether guests that stand by may be claimed for it. Only then they are looked for.
    pub may_claim: bool,
    /// Whether nothing is going to be made, so that the daemon does not show what it makes of the lab's profiles.
    pub only_looks: bool,
}

/// What guests are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The base image: every stage runs in the guest.
    Cold,
    /// A baked image.
    Baked(BakedImage),
}

/// What a launch is made of, with everything that can be refused beforehand refused.
#[derive(Debug)]
pub struct Settled {
    names: Vec<GuestName>,
    /// How many guests the lab has, with these.
    guests: usize,
    stack: Stack,
    templates: Templates,
    /// The guests that stand by, the oldest first, as they were listed.
    pub(super) standing_by: Vec<GuestName>,
    /// The digest of the lab's ACL.
    acl: Option<Sha256>,
    /// What podclaw's own table is to be.
    fence: Option<Fence>,
    /// When that was known, with what it took. What comes between that and a launch, such as a bake, is no part of it.
    pub(super) at: SettledAt,
    /// Which image the project says was baked.
    pub(super) note: Option<BakeNote>,
    /// The images in podclaw.lock.
    pub images: Images,
    /// All images that the lab's project had.
    pub(super) stored: Stored,
    /// Whether there is a guest that an image is baked in: somebody bakes, or a bake was killed.
    pub has_builder: bool,
}

/// Settles a launch: names that are free, profiles and a lab that are as they have to be, images that match the lock.
/// Nothing is created.
pub async fn settle(lab: &Lab, request: &LaunchRequest) -> Result<Settled> {
    let project = lab.existing().await?;
    let there = names_of_guests(&project);
    let has_builder = there.contains(BUILDER);
    let note = BakeNote::read(&project.config);
    let names = names(&there, request)?;
    let guests = there.len() + names.len();
    let stack = lab.stack(&request.profiles)?;
    let standing_by = if request.may_claim { lab.standing_by().await? } else { Vec::new() };
    // What the daemon makes of the profiles is compared with what was judged before a guest is started. What stands by was
    // made of them long ago.
    let all = request.only_looks || !standing_by.is_empty();
    let found = Box::pin(image::find(&lab.client, lab.image_request()));
    let (looked, found) = tokio::join!(lab.must_be_in_order(project, all), found);
    // A lab that keeps nothing in is said first, and then what it lacks.
    let (plan, (images, stored)) = (looked?, found?);
    let templates = match &lab.settings.data {
        None => Templates::builtin(),
        Some(directory) => Templates::read(&directory.join("cloud-init"), &directory.join("apparmor"))?,
    };
    let at = SettledAt::now(&lab.client);
    Ok(Settled {
        names,
        guests,
        stack,
        templates,
        standing_by,
        acl: plan.acl,
        fence: plan.fence,
        at,
        note,
        images,
        stored,
        has_builder,
    })
}

fn settings_of_builder(images: &Images) -> Result<cloud_init::Settings> {
    let source = gateway_source(&images.gateway);
    Ok(cloud_init::Settings {
        boot: Boot::Bake,
        storage: StorageDriver::Native,
        ..cloud_init::Settings::new(BUILDER.parse()?, source)
    })
}

impl Settled {
    /// The guests, with their user-data and a merged instance that breaks no rule.
    pub fn prepare(&self, lab: &Lab, source: &Source) -> Result<Vec<Prepared>> {
        timed(self.names.iter().map(|name| self.guest(lab, name, source)))
    }

    fn guest(&self, lab: &Lab, name: &GuestName, source: &Source) -> Result<Prepared> {
        let state = Readiness::Launching;
        match source {
            Source::Baked(baked) => self.prepared(lab, name, &self.stack, Some(baked.clone()), None, state),
            Source::Cold => {
                let settings = cloud_init::Settings::new(name.clone(), gateway_source(&self.images.gateway));
                let user_data = user_data::judged(&self.templates, &settings)?;
                self.prepared(lab, name, &self.stack, None, Some(user_data), state)
            }
        }
    }

    /// The same, to stand by; only as many of the guests as are asked for.
    pub fn standby(&self, lab: &Lab, baked: &BakedImage, count: usize) -> Result<Vec<Prepared>> {
        timed(self.names.iter().take(count).map(|name| self.to_stand_by(lab, name, baked)))
    }

    /// What a guest that stands by would be, whatever its name is.
    pub(super) fn sample(&self, lab: &Lab, baked: &BakedImage) -> Result<Prepared> {
        self.to_stand_by(lab, &BUILDER.parse()?, baked)
    }

    fn to_stand_by(&self, lab: &Lab, name: &GuestName, baked: &BakedImage) -> Result<Prepared> {
        self.prepared(lab, name, &self.stack, Some(baked.clone()), None, Readiness::Filling)
    }

    /// The guest that an image is baked in. It has the lab's own profiles whatever is launched, so that the image is the
    /// same.
    pub fn builder(&self, lab: &Lab) -> Result<Prepared> {
        let user_data = user_data::judged(&self.templates, &settings_of_builder(&self.images)?)?;
        self.prepared(lab, &BUILDER.parse()?, &lab.stack(&[])?, None, Some(user_data), Readiness::Baking)
    }

    /// The key of the image that would be baked. What the builder's guest is told to do is in it, and that is judged only by
    /// who bakes.
    pub(super) fn bake_key(&self) -> Result<BakeKey> {
        let user_data = user_data::rendered(&self.templates, &settings_of_builder(&self.images)?)?;
        Ok(BakeKey::new(&self.images, &user_data))
    }

    fn prepared(
        &self,
        lab: &Lab,
        name: &GuestName,
        stack: &Stack,
        baked: Option<BakedImage>,
        user_data: Option<String>,
        state: Readiness,
    ) -> Result<Prepared> {
        let mut config = Config::new();
        config.extend(user_data.map(|user_data| (digests::USER_DATA.to_owned(), user_data)));
        config.insert(STATE_KEY.into(), state.as_str().into());
        config.insert(LAUNCH_KEY.into(), launch_id()?);
        if state == Readiness::Baking {
            config.extend(Baker::own().map(|baker| (BAKER_KEY.to_owned(), baker.to_string())));
        }
        lab.mark().put_on(&mut config);
        let layer = Layer { config, devices: Devices::new() };
        let found = rules::profile::stack(stack, &layer, &lab.settings.name);
        let verdicts = found.iter().map(|finding| format!("{}: {}", finding.rule, finding.subject)).collect();
        let refused = refused(found);
        if !refused.is_empty() {
            return Err(Error::NotContained(refused));
        }
        let judged = stack.effective(&layer);
        let Layer { config, devices } = judged.layer();
        let bodies = stack.profiles.iter().map(|profile| profile.put_json(&lab.settings.name));
        let digests = Digests {
            effective: digests::effective(&config, &devices),
            user_data: digests::user_data(&config),
            profiles: bodies.map(|body| digests::wanted_profile(&body)).collect(),
            policy: policy::digest(),
            acl: self.acl.clone(),
        };
        let profiles = stack.profiles.iter().map(|profile| lab.settings.name.profile(&profile.name)).collect();
        let instance = NewInstance {
            config: layer.config,
            devices: layer.devices,
            profiles,
            description: "podclaw guest".into(),
            kind: InstanceKind::Container,
            image: baked.as_ref().map_or(&self.images.base.fingerprint, |baked| &baked.fingerprint).to_string(),
        };
        let (name, images, fence) = (name.clone(), self.images.clone(), self.fence.clone());
        Ok(Prepared {
            name,
            instance,
            images,
            baked,
            judged,
            digests,
            verdicts,
            fence,
            settled: self.at.clone(),
            guests: self.guests,
        })
    }
}

impl Lab {
    /// Which images the lab means.
    #[must_use]
    pub fn image_request(&self) -> image::Request<'_> {
        image::Request {
            lab: &self.settings.name,
            sources: &self.settings.sources,
            lock: &self.settings.lock,
            cache: &self.settings.cache,
        }
    }

    /// Those of the instances that stand by, the oldest first.
    async fn standing_by(&self) -> Result<Vec<GuestName>> {
        let standby = Filter::config(STATE_KEY, Readiness::Standby.as_str());
        let mut instances = self.client.list_where::<Instance>(&Collection::instances(&self.project), &standby).await?;
        let stands_by = |config: &Config| Readiness::read(config.get(STATE_KEY)) == Readiness::Standby;
        instances.retain(|instance| self.mark().is_on(&instance.config) && stands_by(&instance.config));
        instances.sort_by_cached_key(|instance| instance.created_at.parse::<Timestamp>().ok());
        Ok(instances.into_iter().filter_map(|instance| instance.name.parse().ok()).collect())
    }

    /// The profiles of a launch, adapted to the lab.
    fn stack(&self, wanted: &[String]) -> Result<Stack> {
        let wanted = if wanted.is_empty() { &self.settings.profiles } else { wanted };
        let library = self.library()?;
        Ok(library.stack(wanted.iter().map(String::as_str))?)
    }
}

/// Judging is a part of settling, whatever lies between.
fn timed(guests: impl Iterator<Item = Result<Prepared>>) -> Result<Vec<Prepared>> {
    let began = Instant::now();
    let mut all = guests.collect::<Result<Vec<_>>>()?;
    let took = began.elapsed();
    for one in &mut all {
        one.settled.add(took);
    }
    Ok(all)
}

/// The guests that are there. The project says itself what is in it, so they need not be listed.
fn names_of_guests(project: &Project) -> BTreeSet<&str> {
    project.used_by.iter().filter_map(|path| path.strip_prefix("/1.0/instances/")?.split('?').next()).collect()
}

/// The names of the guests to launch: those asked for if they are free, or the next free ones.
fn names(taken: &BTreeSet<&str>, request: &LaunchRequest) -> Result<Vec<GuestName>> {
    if request.names.is_empty() {
        let numbered = (1..).map(|number| format!("claw-{number}")).filter(|name| !taken.contains(name.as_str()));
        return Ok(numbered.filter_map(|name| name.parse().ok()).take(request.count).collect());
    }
    if let Some(name) = request.names.iter().find(|name| name.as_str() == BUILDER) {
        return Err(Error::Reserved(name.clone()));
    }
    match request.names.iter().find(|name| taken.contains(name.as_str())) {
        Some(name) => Err(Error::NameTaken(name.clone())),
        None => Ok(request.names.clone()),
    }
}

/// What of the findings keeps a guest from being created, as text. Nobody can waive it here: a waiver is for `lint`.
pub(super) fn refused(findings: Vec<Finding>) -> Vec<String> {
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.to_string()).collect()
}

/// A number that no other launch has.
pub(super) fn launch_id() -> Result<String> {
    let mut bytes = [0; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|errno| Error::Unreadable { path: "the kernel's random numbers".into(), source: errno.into() })?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

fn gateway_source(image: &GatewayImage) -> cloud_init::GatewaySource {
    match image {
        GatewayImage::Archive(archive) => cloud_init::GatewaySource::Archive { id: archive.image_id.clone() },
        GatewayImage::Registry(reference) => cloud_init::GatewaySource::Registry(reference.clone()),
    }
}
