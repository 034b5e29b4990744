//! Making the lab, or putting it right.

mod bridge;
mod hurt;
mod profiles;
mod project;
mod target;

use tokio::sync::OnceCell;

use super::plan::{compare, contents, with_own_books};
use super::{Change, Error, Lab, LabLock, Plan, Result, Step, digests, resolver};
use crate::fence::Fence;
use crate::incus::{Acl, Collection, Config, Instance, Job, Object, Project, Refusal, StoragePool};
use crate::profile::Size;
use target::Target;

/// Config keys of a pool in which Incus keeps its own books.
const POOL_BOOKS: [&str; 3] = ["source", "volatile.", "btrfs.mount_options"];

/// How far `init` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitMode {
    /// It changes what differs, except what running guests would feel.
    Gentle,
    /// It changes that, too.
    Disrupt,
}

/// One run of `init`.
struct Init<'a> {
    lab: &'a Lab,
    /// Nothing where it only looks.
    mode: Option<InitMode>,
    job: &'a Job,
    /// The guests that run, once somebody asks.
    running: OnceCell<Vec<Instance>>,
    /// The project, where it was read already.
    project: Option<Project>,
    /// Whether pool and profiles are looked at, too.
    all: bool,
}

/// Compares the lab with what it has to be, and makes or changes what differs.
///
/// The order is that of dependence, with what closes before what opens: pool, ACL, fence, network, project, profiles.
/// Killed anywhere, the next run goes on.
pub async fn init(lock: &LabLock, mode: InitMode, job: &Job) -> Result<Plan> {
    run(Init { mode: Some(mode), ..Init::looking(lock.lab(), job) }).await
}

/// Compares the lab with what it has to be, and changes nothing.
pub async fn plan_init(lab: &Lab) -> Result<Plan> {
    run(Init::looking(lab, &Job::quiet())).await
}

/// The same, where the project was read just now, and is not asked for again; only if that is asked for with pool and
/// profiles.
pub(super) async fn look(lab: &Lab, project: Project, all: bool) -> Result<Plan> {
    run(Init { project: Some(project), all, ..Init::looking(lab, &Job::quiet()) }).await
}

/// What `init` would do with pool and profiles. Nothing is changed.
pub(super) async fn look_at_sources(lab: &Lab) -> Result<Plan> {
    let job = Job::quiet();
    let init = Init::looking(lab, &job);
    let mut plan = Plan::default();
    plan.steps.push(init.pool().await?);
    init.profiles(&mut plan).await?;
    Ok(plan)
}

async fn run(init: Init<'_>) -> Result<Plan> {
    let lab = init.lab;
    lab.profiles_must_contain()?;
    // What can't be is said before anything is done.
    let project = lab.desired_project()?;
    let mut plan = Plan::default();
    if init.all {
        plan.steps.push(init.pool().await?);
    }
    let acl = init.acl(&mut plan).await?;
    init.bridge(&acl, &mut plan).await?;
    init.project(&project, &mut plan).await?;
    if init.all {
        init.profiles(&mut plan).await?;
    }
    // Only now, as what is shortened is for people and must never be sent.
    for step in &mut plan.steps {
        resolver::shorten(step.change.differences_mut());
    }
    Ok(plan)
}

impl<'a> Init<'a> {
    fn looking(lab: &'a Lab, job: &'a Job) -> Self {
        Self { lab, mode: None, job, running: OnceCell::new(), project: None, all: true }
    }
}

impl Init<'_> {
    fn is_dry(&self) -> bool {
        self.mode.is_none()
    }

    fn may_disrupt(&self) -> bool {
        self.mode == Some(InitMode::Disrupt)
    }

    fn target(&self, object: Object, kind: &'static str) -> Target<'_> {
        Target::new(self.lab, object, kind, self.is_dry(), self.job)
    }

    async fn pool(&self) -> Result<Step> {
        let wanted = self.lab.desired_pool();
        let target = self.target(Object::pool(&self.lab.settings.name.pool()), "storage pool");
        let Some(is) = target.existing::<StoragePool>(|pool| &pool.config).await? else {
            return target.create(contents(&[("driver", &wanted.driver)], &wanted.config), &wanted).await;
        };
        if is.driver != wanted.driver {
            return Err(target.fixed("driver", is.driver, wanted.driver));
        }
        // Incus reports a loop file as the source; a device it replaces by the id of its file system.
        let mut wanted_config = wanted.config.clone();
        if let Some(device) = wanted_config.remove("source") {
            let first =
                is.config.get("volatile.initial_source").or(is.config.get("source")).cloned().unwrap_or_default();
            if first != device {
                return Err(target.fixed("device", first, device));
            }
        }
        let size = |config: &Config| config.get("size").and_then(|size| size.parse::<Size>().ok());
        if let (Some(has), Some(asked)) = (size(&is.config), size(&wanted_config))
            && has.bytes() > asked.bytes()
        {
            return Err(target.fixed("size", has.to_string(), asked.to_string()));
        }
        let config = with_own_books(&wanted_config, &is.config, &POOL_BOOKS);
        let differences = compare(&is.config, &wanted_config, &POOL_BOOKS);
        target.put_right(differences, &StoragePool { config, driver: String::new(), ..wanted }).await
    }

    /// It is put right in any case: what it closes is what nobody may have.
    async fn acl(&self, plan: &mut Plan) -> Result<Acl> {
        let target = self.target(Object::acl(&self.lab.settings.name.acl()), "network ACL");
        let is = target.existing::<Acl>(|acl| &acl.config).await?;
        let wanted = self.lab.wanted_acl(is.as_ref(), self.is_dry()).await?;
        plan.steps.push(match &is {
            None => {
                let mut all = contents(&[("description", &wanted.acl.description)], &Config::new());
                all.extend(wanted.differences(&Acl::default()));
                target.create(all, &wanted.acl).await?
            }
            Some(is) => target.put_right(wanted.differences(is), &wanted.acl).await?,
        });
        plan.egress = Some(wanted.summary);
        plan.acl = Some(digests::acl(is.as_ref().unwrap_or(&wanted.acl)));
        plan.notes.extend(wanted.notes);
        Ok(wanted.acl)
    }

    /// The guests that run, or stand still and could go on.
    async fn running(&self) -> Result<&[Instance]> {
        let look = async || {
            let found = self.lab.client.list::<Instance>(&Collection::instances(&self.lab.project)).await;
            match found {
                // No project, so no guest.
                Err(error) if error.refusal() == Some(Refusal::NotFound) => Ok(Vec::new()),
                found => Ok::<_, Error>(found?.into_iter().filter(|guest| guest.status.is_up()).collect()),
            }
        };
        self.running.get_or_try_init(look).await.map(Vec::as_slice)
    }
}

/// Looks the names of the lab file up again, and puts ACL and fence right. Nothing is made: where there is no lab, that is
/// an error, so that what runs this again and again does not bring back a lab that was wiped.
pub async fn refresh_names(lock: &LabLock, job: &Job) -> Result<Plan> {
    let lab = lock.lab();
    lab.must_exist().await?;
    for object in [Object::acl(&lab.settings.name.acl()), Object::network(&lab.settings.name.network())] {
        if !lab.client.exists(&object).await? {
            return Err(Error::Drifted { object: object.to_string(), difference: "it is missing".into() });
        }
    }
    let init = Init { mode: Some(InitMode::Gentle), ..Init::looking(lab, job) };
    let mut plan = Plan::default();
    let acl = init.acl(&mut plan).await?;
    plan.steps.push(init.fence_alone(&acl).await?);
    Ok(plan)
}

/// What `init` would do with the fence. Nothing is changed.
pub(super) async fn fence_step(lab: &Lab, job: &Job) -> Result<Step> {
    let init = Init::looking(lab, job);
    let mut plan = Plan::default();
    let acl = init.acl(&mut plan).await?;
    init.fence_alone(&acl).await
}

/// Compares the fence in front of the lab's bridge with what it is to be. Nothing is changed, nor asked of the daemon.
pub(super) async fn compare_fence(lab: &Lab, fence: &Fence) -> Result<Change> {
    bridge::compare_fence(lab, fence, true).await
}

/// Names of guests, for a reason; no more than anybody reads.
fn names<'a>(guests: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 8;
    let all: Vec<&str> = guests.into_iter().collect();
    let mut shown: Vec<String> = all.iter().take(MOST).map(|name| crate::text::excerpt(name, 64)).collect();
    if all.len() > MOST {
        shown.push(format!("{} more", all.len() - MOST));
    }
    shown.join(", ")
}
