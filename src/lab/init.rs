//! Making the lab, or putting it right.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::plan::{compare, with_own_books};
use super::prepare::refused;
use super::{Change, Error, Lab, Plan, Result, Step};
use crate::incus::{Config, Job, Network, Object, Profile, Project, StoragePool};
use crate::profile::{Difference, Layer, Size};
use crate::rules;

/// Config keys of a pool in which Incus keeps its own books.
const POOL_BOOKS: [&str; 3] = ["source", "volatile.", "btrfs.mount_options"];
/// Config keys of a network in which Incus keeps its own books.
const NETWORK_BOOKS: [&str; 1] = ["volatile."];

/// How often a bridge is tried to be made.
const CREATE_TRIES: usize = 4;

/// Compares the lab with what it has to be and, unless this is a `dry_run`, makes or changes what differs.
///
/// The order is that of dependence: pool, ACL, network, project, profiles. Killed anywhere, the next run goes on.
pub async fn init(lab: &Lab, dry_run: bool, job: &Job) -> Result<Plan> {
    lab.profiles_must_contain()?;
    let mut plan = Plan::default();
    plan.steps.push(lab.init_pool(dry_run, job).await?);
    lab.init_acl(dry_run, job, &mut plan).await?;
    plan.steps.push(lab.init_network(dry_run, job).await?);
    plan.steps.push(lab.init_project(dry_run, job).await?);
    lab.init_profiles(dry_run, job, &mut plan).await?;
    Ok(plan)
}

impl Lab {
    async fn init_pool(&self, dry_run: bool, job: &Job) -> Result<Step> {
        let wanted = self.desired_pool();
        let name = self.settings.name.pool();
        let target = Target::new(self, Object::pool(&name), "storage pool", dry_run, job);
        let Some(is) = target.existing::<StoragePool>(|pool| &pool.config).await? else {
            return target.create(&wanted).await;
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

    async fn init_network(&self, dry_run: bool, job: &Job) -> Result<Step> {
        let wanted = self.desired_network();
        let name = self.settings.name.network();
        let target = Target::new(self, Object::network(&name), "network", dry_run, job);
        let Some(is) = target.existing::<Network>(|network| &network.config).await? else {
            self.subnet_must_be_free().await?;
            return self.create_network(&target, &wanted).await;
        };
        let differences = compare(&is.config, &wanted.config, &NETWORK_BOOKS);
        if differences.iter().any(|difference| difference.key == "ipv4.address") {
            self.subnet_must_be_free().await?;
        }
        let config = with_own_books(&wanted.config, &is.config, &NETWORK_BOOKS);
        target.put_right(differences, &Network { config, kind: String::new(), ..wanted }).await
    }

    /// Incus looks at every link of the machine while it makes a bridge, and fails when one goes away meanwhile, such as
    /// that of a guest that stops. What it leaves then is removed, and made again.
    async fn create_network(&self, target: &Target<'_>, wanted: &Network) -> Result<Step> {
        for _ in 1..CREATE_TRIES {
            match target.create(wanted).await {
                Err(Error::Incus(error)) if error.to_string().contains("does not exist") => {
                    if target.existing::<Network>(|network| &network.config).await?.is_some() {
                        self.client.delete(&target.object, target.job).await?;
                    }
                }
                outcome => return outcome,
            }
        }
        target.create(wanted).await
    }

    async fn init_project(&self, dry_run: bool, job: &Job) -> Result<Step> {
        let wanted = self.desired_project();
        let target = Target::new(self, Object::project(&self.project), "project", dry_run, job);
        let Some(is) = target.existing::<Project>(|project| &project.config).await? else {
            return target.create(&wanted).await;
        };
        target.put_right(compare(&is.config, &wanted.config, &[]), &wanted).await
    }

    /// Judges every profile on top of the lab's own stack, before the daemon hears of it: Incus itself takes a profile of a
    /// restricted project as it is, and refuses only some of the guests that use it.
    fn profiles_must_contain(&self) -> Result<()> {
        let library = self.library()?;
        let stack = library.stack(self.settings.profiles.iter().map(String::as_str))?;
        let lab = &self.settings.name;
        let mut found = rules::profile::stack(&stack, &Layer::default(), lab);
        for profile in library.iter() {
            found.extend(rules::profile::on_top(&stack.profiles, profile, lab));
        }
        let mut refused = refused(found);
        refused.sort();
        refused.dedup();
        if refused.is_empty() { Ok(()) } else { Err(Error::NotContained(refused)) }
    }

    async fn init_profiles(&self, dry_run: bool, job: &Job, plan: &mut Plan) -> Result<()> {
        let fresh = plan.steps.iter().any(|step| step.kind == "project" && step.change == Change::Create);
        let library = self.library()?;
        for profile in library.iter() {
            let name = self.settings.name.profile(&profile.name);
            let target = Target::new(self, Object::profile(&self.project, &name), "profile", dry_run, job);
            // A dry run has not made the project, so there is nothing to ask the daemon for.
            let is = if fresh && dry_run { None } else { target.existing::<Profile>(|found| &found.config).await? };
            plan.steps.push(match is {
                None => target.create(&profile.put_json(&self.settings.name)).await?,
                Some(is) => {
                    let differences = self.profile_differences(profile, &is);
                    target.put_right(differences, &profile.put_json(&self.settings.name)).await?
                }
            });
        }
        Ok(())
    }

    /// How the daemon's profile differs from what it has to be.
    fn profile_differences(&self, wanted: &crate::profile::Profile, is: &Profile) -> Vec<Difference> {
        let layer = Layer { config: is.config.clone(), devices: is.devices.clone() };
        wanted.differs_from(&self.settings.name, &is.description, &layer)
    }

    /// Incus itself would make a bridge on a subnet that the host already reaches otherwise, and break that.
    async fn subnet_must_be_free(&self) -> Result<()> {
        let subnet = self.settings.network.subnet.net();
        let own = self.settings.name.network();
        let taken = self.host_addresses().await?.into_iter().find(|(interface, address)| {
            *interface != own && (address.contains(&subnet.network()) || subnet.contains(&address.network()))
        });
        match taken {
            None => Ok(()),
            Some((interface, address)) => Err(Error::SubnetTaken {
                subnet: subnet.trunc().to_string(),
                address: address.to_string(),
                interface: crate::text::excerpt(&interface, 15),
            }),
        }
    }
}

/// One object that `init` looks after.
pub(super) struct Target<'a> {
    lab: &'a Lab,
    object: Object,
    kind: &'static str,
    dry_run: bool,
    job: &'a Job,
}

impl<'a> Target<'a> {
    pub(super) fn new(lab: &'a Lab, object: Object, kind: &'static str, dry_run: bool, job: &'a Job) -> Self {
        Self { lab, object, kind, dry_run, job }
    }

    /// The object, if it is there; an error if it is somebody else's.
    pub(super) async fn existing<T: DeserializeOwned>(&self, config: impl Fn(&T) -> &Config) -> Result<Option<T>> {
        match self.lab.client.get::<T>(&self.object).await? {
            Some(found) if !self.lab.mark().is_on(config(&found)) => {
                Err(Error::Foreign { object: self.object.to_string() })
            }
            found => Ok(found),
        }
    }

    pub(super) async fn create(&self, wanted: &impl Serialize) -> Result<Step> {
        if !self.dry_run {
            self.lab.client.create(&self.object, wanted, self.job).await?;
        }
        Ok(self.step(Change::Create))
    }

    pub(super) async fn put_right(&self, differences: Vec<Difference>, wanted: &impl Serialize) -> Result<Step> {
        let change = Change::after(differences);
        if !self.dry_run && change != Change::Keep {
            self.lab.client.replace(&self.object, wanted, self.job).await?;
        }
        Ok(self.step(change))
    }

    fn step(&self, change: Change) -> Step {
        Step { kind: self.kind, name: self.object.name().to_owned(), change }
    }

    fn fixed(&self, key: &'static str, is: String, wanted: String) -> Error {
        Error::Fixed { object: self.object.to_string(), key, is, wanted }
    }
}
