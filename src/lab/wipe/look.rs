//! Making the plan: what there is of the lab, and what is in its way. No question is about a single guest.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::foreign;
use super::plan::{Fate, Kind, Reason, Target, WipePlan};
use super::scope::{Level, Spare, WipeScope};
use crate::fence::{self, NftError};
use crate::incus::{
    Acl, Bucket, Collection, Config, Image, Instance, InstanceWithState, Network, Object, Profile, Project,
    StoragePool, Volume,
};
use crate::lab::{Lab, Result};

/// How long the daemon may take to say how large each guest is: it looks into every one that runs.
const SIZES_WITHIN: Duration = Duration::from_secs(20);
/// How often guests are looked at again that the daemon can't read, and how long is waited before.
const READ_TRIES: usize = 20;
const BREATH: Duration = Duration::from_millis(500);
/// How often it is looked where guests are made meanwhile.
const LOOKS: usize = 5;
/// The API extension without which there are no buckets.
const BUCKETS: &str = "storage_buckets";

impl Lab {
    /// What a wipe would delete, and what stays because it is not the lab's, or is used by what is not.
    pub async fn wipe_plan(&self, scope: &WipeScope) -> Result<WipePlan> {
        let mut looks = 1;
        loop {
            let plan = self.look(scope).await?;
            // What a guest uses that is not in the plan would stay for it, and the guest would not.
            if looks == LOOKS || !plan.is_outdated {
                return Ok(plan);
            }
            looks += 1;
        }
    }

    async fn look(&self, scope: &WipeScope) -> Result<WipePlan> {
        let mut plan = WipePlan::default();
        let ours = |config: &Config| self.mark().is_on(config);
        let project = self.client.get::<Project>(&Object::project(&self.project)).await?;
        let pools = self.client.list::<StoragePool>(&Collection::pools()).await?;
        match &project {
            Some(project) if ours(&project.config) => {
                self.plan_guests(&mut plan).await?;
                if scope.level > Level::Guests {
                    self.plan_project(&mut plan, scope, &pools).await?;
                }
            }
            Some(_) => drop(plan.judge(Kind::Project, self.project.as_str(), false, Object::project(&self.project))),
            None => {}
        }
        if scope.level > Level::Guests {
            self.plan_network(&mut plan).await?;
        }
        let name = self.settings.name.pool();
        if scope.level == Level::Pool
            && let Some(found) = pools.iter().find(|pool| pool.name == name)
        {
            let spares = plan.steps.iter().any(|step| step.fate == Fate::Keep(Reason::Spared(Spare::Images)));
            let users: Vec<String> =
                found.used_by.iter().filter(|it| !foreign::is_copy(it, &self.project)).cloned().collect();
            let fate = match foreign::fate(&mut plan, &self.project, ours(&found.config), &users) {
                Fate::Keep(Reason::UsedBy(_)) if spares && only_spared(&plan) => {
                    Fate::Keep(Reason::HoldsSpared(Spare::Images))
                }
                fate => fate,
            };
            plan.add(Kind::Pool, &name, fate, Target::Object(Object::pool(&name)));
        }
        Ok(plan)
    }

    /// The instances of the lab's project, with what they use where the daemon says so in time.
    async fn instances(&self, plan: &mut WipePlan) -> Result<Vec<InstanceWithState>> {
        let all = Collection::instances(&self.project);
        if let Ok(found) = timeout(SIZES_WITHIN, self.client.list_with_state(&all)).await {
            return Ok(found?);
        }
        let note = format!("the daemon did not say within {} s how large guests are", SIZES_WITHIN.as_secs());
        if !plan.notes.contains(&note) {
            plan.notes.push(note);
        }
        let plain = self.client.list::<Instance>(&all).await?;
        Ok(plain.into_iter().map(|instance| InstanceWithState { instance, ..Default::default() }).collect())
    }

    async fn plan_guests(&self, plan: &mut WipePlan) -> Result<()> {
        let mut found = self.instances(plan).await?;
        for _ in 0..READ_TRIES {
            // One that is being deleted just now, such as by a wipe that was killed, has lost its config, and so its mark.
            if !found.iter().any(|guest| guest.instance.is_unread()) {
                break;
            }
            sleep(BREATH).await;
            found = self.instances(plan).await?;
        }
        let bytes = |size: i64| u64::try_from(size).ok();
        for InstanceWithState { instance, state, snapshots, backups } in found {
            let is_ours = self.mark().is_on(&instance.config);
            let size = state.disk.values().filter_map(|disk| bytes(disk.usage)).sum();
            let object = Object::instance(&self.project, &instance.name);
            let step = plan.judge(Kind::Guest, &instance.name, is_ours, object);
            let fate = step.sized(Some(size)).made(&instance.created_at).fate.clone();
            if is_ours {
                plan.interfaces.extend(super::guests::ends(&instance));
            }
            let full = |name: &str| format!("{}/{}", instance.name, name.rsplit('/').next().unwrap_or(name));
            for it in &snapshots {
                let step = plan.add(Kind::Snapshot, full(&it.name), fate.clone(), Target::Along);
                step.sized(bytes(it.size)).made(&it.created_at);
            }
            for it in &backups {
                plan.add(Kind::Backup, full(&it.name), fate.clone(), Target::Along).made(&it.created_at);
            }
        }
        Ok(())
    }

    async fn plan_project(&self, plan: &mut WipePlan, scope: &WipeScope, pools: &[StoragePool]) -> Result<()> {
        let ours = |config: &Config| self.mark().is_on(config);
        for found in self.client.list::<Profile>(&Collection::profiles(&self.project)).await? {
            // Each project has this one; it goes with the project and can't go before.
            if found.name != "default" {
                let fate = foreign::fate(plan, &self.project, ours(&found.config), &found.used_by);
                let object = Object::profile(&self.project, &found.name);
                plan.add(Kind::Profile, &found.name, fate, Target::Object(object));
            }
        }
        for pool in pools {
            self.plan_volumes(plan, &pool.name).await?;
        }
        for found in self.client.list::<Image>(&Collection::images(&self.project)).await? {
            let name = found.fingerprint.get(..12).unwrap_or(&found.fingerprint);
            let object = Object::image(&self.project, &found.fingerprint);
            let step = plan.judge(Kind::Image, name, ours(&found.properties), object);
            if scope.spares(Spare::Images) && step.fate == Fate::Delete {
                step.fate = Fate::Keep(Reason::Spared(Spare::Images));
            }
            step.sized(Some(found.size)).made(&found.uploaded_at);
        }
        let stays: Vec<String> = plan
            .clone()
            .left()
            .steps
            .iter()
            .filter(|step| step.fate != Fate::Delete)
            .map(super::WipeStep::label)
            .collect();
        let spares = plan.steps.iter().any(|step| step.fate == Fate::Keep(Reason::Spared(Spare::Images)));
        let fate = match (stays.is_empty(), spares) {
            (false, _) => Fate::Keep(Reason::Holds(stays)),
            (true, true) => Fate::Keep(Reason::HoldsSpared(Spare::Images)),
            (true, false) => Fate::Delete,
        };
        plan.add(Kind::Project, self.project.as_str(), fate, Target::Object(Object::project(&self.project)));
        Ok(())
    }

    /// The volumes and buckets of the lab's project in a pool, which need not be the lab's.
    async fn plan_volumes(&self, plan: &mut WipePlan, pool: &str) -> Result<()> {
        let own = self.settings.name.pool();
        let named = |name: &str| if pool == own { name.to_owned() } else { format!("{name} (pool {pool})") };
        let all = self.client.list::<Volume>(&Collection::all_volumes(&self.project, pool)).await?;
        let custom = || all.iter().filter(|volume| volume.kind == "custom");
        for found in custom().filter(|volume| !volume.name.contains('/')) {
            let fate = foreign::fate(plan, &self.project, self.mark().is_on(&found.config), &found.used_by);
            let object = Object::volume(&self.project, pool, &found.name);
            plan.add(Kind::Volume, named(&found.name), fate.clone(), Target::Object(object)).made(&found.created_at);
            let is_of = |snapshot: &&Volume| snapshot.name.split_once('/').is_some_and(|(of, _)| of == found.name);
            for snapshot in custom().filter(is_of) {
                plan.add(Kind::Snapshot, named(&snapshot.name), fate.clone(), Target::Along).made(&snapshot.created_at);
            }
        }
        if self.client.server().extensions.contains(BUCKETS) {
            for found in self.client.list::<Bucket>(&Collection::buckets(&self.project, pool)).await? {
                let object = Collection::buckets(&self.project, pool).object(&found.name);
                plan.judge(Kind::Bucket, &named(&found.name), self.mark().is_on(&found.config), object);
            }
        }
        Ok(())
    }

    async fn plan_network(&self, plan: &mut WipePlan) -> Result<()> {
        let ours = |config: &Config| self.mark().is_on(config);
        let (network, acl) = (self.settings.name.network(), self.settings.name.acl());
        if let Some(found) = self.client.get::<Network>(&Object::network(&network)).await? {
            let fate = foreign::fate(plan, &self.project, ours(&found.config), &found.used_by);
            plan.add(Kind::Network, &network, fate, Target::Object(Object::network(&network)));
        }
        self.plan_fence(plan).await?;
        if let Some(found) = self.client.get::<Acl>(&Object::acl(&acl)).await? {
            let fate = foreign::fate(plan, &self.project, ours(&found.config), &found.used_by);
            plan.add(Kind::Acl, &acl, fate, Target::Object(Object::acl(&acl)));
        }
        Ok(())
    }

    /// The fence goes after the bridge: it stands as long as there is something that it keeps in.
    async fn plan_fence(&self, plan: &mut WipePlan) -> Result<()> {
        let fate = match fence::standing(&self.settings.name).await {
            Ok(None) | Err(NftError::Missing(_)) => return Ok(()),
            Ok(Some(_)) => Fate::Delete,
            // Nobody but root can have put it there, and the rest is gone or was never there.
            Err(NftError::Forbidden) if plan.is_empty() => return Ok(()),
            Err(NftError::Forbidden) => {
                Fate::Keep(Reason::Unseen("only root can see whether it is there, and delete it"))
            }
            Err(NftError::Failed { .. }) => Fate::Keep(Reason::Unseen("nft could not say whether it is there")),
        };
        // What stays on the bridge stays fenced in.
        let stays = |step: &super::WipeStep| {
            [Kind::Guest, Kind::Network].contains(&step.kind) && matches!(step.fate, Fate::Keep(_))
        };
        let fate = match fate {
            Fate::Delete if plan.steps.iter().any(stays) => Fate::Keep(Reason::KeepsIn),
            fate => fate,
        };
        plan.add(Kind::FirewallTable, fence::name(&self.settings.name), fate, Target::Fence);
        Ok(())
    }
}

/// Whether nothing stays but what is to be spared.
fn only_spared(plan: &WipePlan) -> bool {
    plan.clone().left().steps.iter().all(|step| step.fate == Fate::Delete)
}
