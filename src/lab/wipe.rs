//! Deleting everything that is the lab's, and nothing else.

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::cleanup::remove_named;
use super::{Error, Lab, LabLock, Result};
use crate::fence::{self, NftError};
use crate::incus::{
    Acl, Collection, Config, Image, Instance, Job, Network, Object, Profile, Project, Refusal, StoragePool, Volume,
};

/// How many guests are deleted side by side.
const AT_ONCE: usize = 8;

/// What a wipe would do, object by object, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WipePlan {
    /// One step an object.
    pub steps: Vec<WipeStep>,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WipeStep {
    /// The object's kind, such as `network ACL`.
    pub kind: &'static str,
    /// The object's name.
    pub name: String,
    /// What happens to it.
    pub fate: Fate,
    #[serde(skip)]
    target: Target,
}

/// What a step deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// An object of Incus.
    Object(Object),
    /// The table in the host's firewall, which is nobody's but the lab's.
    Fence,
}

/// What happens to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is deleted.
    Delete,
    /// It stays, for this reason.
    Keep(&'static str),
}

/// The kind of the steps that are carried out side by side.
const GUEST: &str = "guest";

const FOREIGN: Fate = Fate::Keep("it does not carry this lab's mark");

impl WipePlan {
    /// Whether there is nothing of the lab, and nothing in its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn add(&mut self, kind: &'static str, name: &str, is_ours: bool, target: Object) {
        let fate = if is_ours { Fate::Delete } else { FOREIGN };
        self.steps.push(WipeStep { kind, name: name.to_owned(), fate, target: Target::Object(target) });
    }
}

impl Lab {
    /// What a wipe would delete, and what stays because it is not the lab's.
    pub async fn wipe_plan(&self) -> Result<WipePlan> {
        let mut plan = WipePlan::default();
        let ours = |config: &Config| self.mark().is_on(config);
        let project = self.client.get::<Project>(&Object::project(&self.project)).await?;
        match &project {
            Some(project) if ours(&project.config) => self.plan_project(&mut plan).await?,
            Some(_) => plan.add("project", self.project.as_str(), false, Object::project(&self.project)),
            None => {}
        }
        let (network, acl, pool) = (self.settings.name.network(), self.settings.name.acl(), self.settings.name.pool());
        if let Some(found) = self.client.get::<Network>(&Object::network(&network)).await? {
            plan.add("network", &network, ours(&found.config), Object::network(&network));
        }
        self.plan_fence(&mut plan).await?;
        if let Some(found) = self.client.get::<Acl>(&Object::acl(&acl)).await? {
            plan.add("network ACL", &acl, ours(&found.config), Object::acl(&acl));
        }
        if let Some(found) = self.client.get::<StoragePool>(&Object::pool(&pool)).await? {
            plan.add("storage pool", &pool, ours(&found.config), Object::pool(&pool));
        }
        Ok(plan)
    }

    /// The fence goes after the bridge: it stands as long as there is something that it keeps in.
    async fn plan_fence(&self, plan: &mut WipePlan) -> Result<()> {
        let fate = match fence::standing(&self.settings.name).await {
            Ok(None) | Err(NftError::Missing(_)) => return Ok(()),
            Ok(Some(_)) => Fate::Delete,
            // Nobody but root can have put it there, and the rest is gone or was never there.
            Err(NftError::Forbidden) if plan.is_empty() => return Ok(()),
            Err(NftError::Forbidden) => Fate::Keep("only root can see whether it is there, and delete it"),
            Err(NftError::Failed { .. }) => Fate::Keep("nft could not say whether it is there"),
        };
        // What stays on the bridge stays fenced in.
        let stays = |step: &WipeStep| [GUEST, "network"].contains(&step.kind) && matches!(step.fate, Fate::Keep(_));
        let fate = if fate == Fate::Delete && plan.steps.iter().any(stays) {
            Fate::Keep("it keeps in what stays")
        } else {
            fate
        };
        let name = fence::name(&self.settings.name);
        plan.steps.push(WipeStep { kind: "firewall table", name, fate, target: Target::Fence });
        Ok(())
    }

    async fn still_marked(&self, object: &Object) -> Result<bool> {
        #[derive(serde::Deserialize)]
        struct Marked {
            config: Option<Config>,
            // Where an image carries it.
            properties: Option<Config>,
        }
        let found = self.client.get::<Marked>(object).await?;
        let places = found.into_iter().flat_map(|found| [found.config, found.properties]).flatten();
        Ok(places.into_iter().any(|place| self.mark().is_on(&place)))
    }

    async fn plan_project(&self, plan: &mut WipePlan) -> Result<()> {
        let ours = |config: &Config| self.mark().is_on(config);
        for found in self.client.list::<Instance>(&Collection::instances(&self.project)).await? {
            plan.add(GUEST, &found.name, ours(&found.config), Object::instance(&self.project, &found.name));
        }
        let pool = self.settings.name.pool();
        if self.client.exists(&Object::pool(&pool)).await? {
            for found in self.client.list::<Volume>(&Collection::volumes(&self.project, &pool)).await? {
                let object = Object::volume(&self.project, &pool, &found.name);
                plan.add("custom volume", &found.name, ours(&found.config), object);
            }
        }
        for found in self.client.list::<Image>(&Collection::images(&self.project)).await? {
            let name = found.fingerprint.get(..12).unwrap_or(&found.fingerprint);
            plan.add("image", name, ours(&found.properties), Object::image(&self.project, &found.fingerprint));
        }
        for found in self.client.list::<Profile>(&Collection::profiles(&self.project)).await? {
            // Each project has this one; it goes with the project and can't go before.
            if found.name != "default" {
                plan.add("profile", &found.name, ours(&found.config), Object::profile(&self.project, &found.name));
            }
        }
        plan.add("project", self.project.as_str(), true, Object::project(&self.project));
        Ok(())
    }
}

/// Carries out a plan: guests side by side, the rest in order. Returns what is there afterwards that the lab, or
/// something in its way, left; empty when nothing is.
pub async fn wipe(lock: &LabLock, plan: &WipePlan, job: &Job) -> Result<WipePlan> {
    let lab = lock.lab();
    let doomed = || plan.steps.iter().filter(|step| step.fate == Fate::Delete);
    let guests: Vec<&str> = doomed().filter(|step| step.kind == GUEST).map(|step| step.name.as_str()).collect();
    let removed: Vec<Result<()>> = stream::iter(guests)
        .map(|name| async move {
            let began = std::time::Instant::now();
            let job = Job::new(job.progress.lane(name), job.cancel.clone());
            job.progress.begin("delete guest");
            remove_named(lab, name, &job).await?;
            job.progress.done("guest deleted", began.elapsed());
            Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    removed.into_iter().collect::<Result<()>>()?;
    for step in doomed().filter(|step| step.kind != GUEST) {
        if job.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let began = std::time::Instant::now();
        let Target::Object(object) = &step.target else {
            if lab.client.exists(&Object::network(&lab.settings.name.network())).await? {
                job.progress.note(format!("{} {} stays as long as the bridge does", step.kind, step.name));
                continue;
            }
            fence::remove(&lab.settings.name).await?;
            job.progress.done(format!("{} {} deleted", step.kind, step.name), began.elapsed());
            continue;
        };
        // Whoever was asked took a while to answer: what is not the lab's any more stays.
        if !lab.still_marked(object).await? {
            job.progress.note(format!("{} {} lost its mark, or is gone", step.kind, step.name));
            continue;
        }
        job.progress.begin(format!("delete {} {}", step.kind, step.name));
        match lab.client.delete(object, job).await {
            Ok(_) => job.progress.done(format!("{} {} deleted", step.kind, step.name), began.elapsed()),
            // What still uses it is in the plan as something that stays; the look afterwards names both.
            Err(error) if error.refusal() == Some(Refusal::InUse) => {
                job.progress.note(format!("{} {} is still in use", step.kind, step.name));
            }
            Err(error) => return Err(error.into()),
        }
    }
    lab.wipe_plan().await
}
