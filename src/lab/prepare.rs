//! Everything about a launch that can be settled, and refused, before anything is created.

use std::collections::BTreeSet;

use crate::cloud_init::{self, Templates};
use crate::digest::Sha256;
use crate::image::{self, GatewayImage, Images};
use crate::incus::{Config, Devices, InstanceKind, NewInstance, Project};
use crate::names::GuestName;
use crate::policy;
use crate::profile::{Effective, Layer, Stack};
use crate::rules::{self, Finding, Severity};
use crate::text;

use super::guests::{LAUNCH_KEY, Readiness, STATE_KEY, is_of_launch};
use super::timings::Settled;
use super::{Change, Digests, Error, Lab, Result, Step, digests, init, user_data};

/// What is to be launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchRequest {
    /// The guests' names; with none, as many as `count` get the next free ones.
    pub names: Vec<GuestName>,
    /// How many guests to name, where `names` is empty.
    pub count: usize,
    /// The profiles, in order; with none, those of the lab's settings.
    pub profiles: Vec<String>,
}

/// A guest that can be launched: what is sent for it was judged.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its name.
    pub name: GuestName,
    /// What the daemon is sent.
    pub instance: NewInstance,
    /// What it is made of.
    pub images: Images,
    /// What was judged: the daemon has to make just this of what it is sent.
    pub(super) judged: Effective,
    /// Digests of that.
    pub(super) digests: Digests,
    /// What the rules said of it that keeps nothing from being launched.
    pub(super) verdicts: Vec<String>,
    /// What it took to come to this.
    pub(super) settled: Settled,
}

impl Prepared {
    /// What tells this launch from every other.
    pub(super) fn launch_id(&self) -> &str {
        self.instance.config.get(LAUNCH_KEY).map_or("", String::as_str)
    }

    /// Whether this launch made the instance that has this config.
    pub(super) fn made(&self, config: &Config) -> bool {
        is_of_launch(config, self.launch_id())
    }

    /// The user-data that it gets.
    #[must_use]
    pub fn user_data(&self) -> &str {
        self.instance.config.get("cloud-init.user-data").map_or("", String::as_str)
    }
}

/// Settles a launch: names that are free, profiles that are as they have to be, images that match the lock, user-data,
/// and a merged instance that breaks no rule. Nothing is created.
pub async fn prepare(lab: &Lab, request: &LaunchRequest) -> Result<Vec<Prepared>> {
    let project = lab.existing().await?;
    let names = names(&project, request)?;
    let stack = lab.stack(&request.profiles)?;
    let acl = lab.must_be_in_order(project).await?;
    let images = image::find(&lab.client, lab.image_request()).await?;
    let templates = match &lab.settings.data {
        None => Templates::builtin(),
        Some(directory) => Templates::read(&directory.join("cloud-init"), &directory.join("apparmor"))?,
    };
    let prepared: Result<Vec<_>> =
        names.into_iter().map(|name| lab.prepared(name, &stack, &images, &templates)).collect();
    let mut prepared = prepared?;
    // Only now: judging is a part of it.
    let settled = Settled::now(&lab.client);
    for one in &mut prepared {
        one.settled = settled.clone();
        one.digests.acl.clone_from(&acl);
    }
    Ok(prepared)
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

    /// The profiles of a launch, adapted to the lab.
    fn stack(&self, wanted: &[String]) -> Result<Stack> {
        let wanted = if wanted.is_empty() { &self.settings.profiles } else { wanted };
        let library = self.library()?;
        Ok(library.stack(wanted.iter().map(String::as_str))?)
    }

    /// Fails unless project, pool, network, ACL and profiles are just as they have to be: a guest is only contained where
    /// all of them are, and what is judged here must be what the daemon merges there. Returns the digest of the ACL.
    async fn must_be_in_order(&self, project: Project) -> Result<Option<Sha256>> {
        let plan = init::look(self, project).await?;
        // What only root can see is no reason to refuse others: they can launch, and root's `init` put it there.
        let is_root = rustix::process::geteuid().is_root();
        let not_right = |step: &&Step| match step.change {
            Change::Keep => false,
            Change::Unseen(_) => is_root,
            _ => true,
        };
        let Some(step) = plan.steps.into_iter().find(|step| not_right(&step)) else { return Ok(plan.acl) };
        let object = format!("{} {}", step.kind, text::excerpt(&step.name, 64));
        let difference = step.change.differences().first().map(ToString::to_string).unwrap_or_default();
        Err(match step.change {
            Change::Create(_) => Error::Drifted { object, difference: "it is missing".into() },
            Change::Hold(_, held) => Error::HeldBack { object, difference, held },
            Change::Unseen(reason) => Error::Drifted { object, difference: format!("it can't be seen: {reason}") },
            _ => Error::Drifted { object, difference },
        })
    }

    fn prepared(&self, name: GuestName, stack: &Stack, images: &Images, templates: &Templates) -> Result<Prepared> {
        let settings = cloud_init::Settings::new(name.clone(), gateway_source(&images.gateway));
        let user_data = user_data::judged(templates, &settings)?;
        let mut config = Config::new();
        config.insert("cloud-init.user-data".into(), user_data);
        config.insert(STATE_KEY.into(), Readiness::Launching.as_str().into());
        config.insert(LAUNCH_KEY.into(), launch_id()?);
        self.mark().put_on(&mut config);
        let layer = Layer { config, devices: Devices::new() };
        let found = rules::profile::stack(stack, &layer, &self.settings.name);
        let verdicts = found.iter().map(|finding| format!("{}: {}", finding.rule, finding.subject)).collect();
        let refused = refused(found);
        if !refused.is_empty() {
            return Err(Error::NotContained(refused));
        }
        let judged = stack.effective(&layer);
        let Layer { config, devices } = judged.layer();
        let bodies = stack.profiles.iter().map(|profile| profile.put_json(&self.settings.name));
        let digests = Digests {
            effective: digests::effective(&config, &devices),
            user_data: digests::user_data(&config),
            profiles: bodies.map(|body| digests::wanted_profile(&body)).collect(),
            policy: policy::digest(),
            acl: None,
        };
        let profiles = stack.profiles.iter().map(|profile| self.settings.name.profile(&profile.name)).collect();
        let instance = NewInstance {
            config: layer.config,
            devices: layer.devices,
            profiles,
            description: "podclaw guest".into(),
            kind: InstanceKind::Container,
            image: images.base.fingerprint.to_string(),
        };
        let settled = Settled::now(&self.client);
        Ok(Prepared { name, instance, images: images.clone(), judged, digests, verdicts, settled })
    }
}

/// The names of the guests to launch: those asked for if they are free, or the next free ones. The project says itself
/// what is in it, so the guests need not be listed.
fn names(project: &Project, request: &LaunchRequest) -> Result<Vec<GuestName>> {
    let name = |path: &String| Some(path.strip_prefix("/1.0/instances/")?.split('?').next()?.to_owned());
    let taken: BTreeSet<String> = project.used_by.iter().filter_map(name).collect();
    if request.names.is_empty() {
        let numbered = (1..).map(|number| format!("claw-{number}")).filter(|name| !taken.contains(name));
        return Ok(numbered.filter_map(|name| name.parse().ok()).take(request.count).collect());
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
fn launch_id() -> Result<String> {
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
