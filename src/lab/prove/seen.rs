//! A guest that runs, and the others of its lab beside it.
//!
//! The daemon is asked for that one alone. For an answer about all it looks into each of them, and a batch of guests would
//! have it do so for each one that is proven: which others run, and with which cards, the host's kernel says as well.

use std::collections::{BTreeMap, BTreeSet};

use crate::fence::Binding;
use crate::incus::{Collection, Filter, Instance, InstanceWithState, Object, Refusal, Status};
use crate::lab::{Error, Lab, Result};
use crate::names::GuestName;
use crate::probe::host::{View, blind, running, view};
use crate::probe::{Outcome, SIBLINGS, Sibling};

/// A guest that runs, and the others.
#[derive(Debug)]
pub(in crate::lab) struct Seen {
    pub(in crate::lab) guest: InstanceWithState,
    others: Others,
    /// What the host's kernel says of that one.
    pub(super) outcomes: Vec<Outcome>,
}

/// The other instances of the project.
#[derive(Debug)]
enum Others {
    /// Those that run, by the kernel's word.
    Seen(Vec<(String, View)>),
    /// All of them, by the daemon's: where podclaw is not root, or not on the guests' machine.
    Told(Vec<InstanceWithState>),
}

/// The other guests on the lab's bridge, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Those whose ports are bound to an address and a card.
    pub(super) bound: Vec<Sibling>,
    /// What the daemon says of others.
    pub(super) told: Vec<InstanceWithState>,
}

impl Seen {
    /// Looks at it, in one request, and at the guest's processes.
    pub(in crate::lab) async fn now(lab: &Lab, name: &GuestName) -> Result<Self> {
        let object = Object::instance(&lab.project, name.as_str());
        let Some(guest) = lab.client.get_with_state(&object).await? else {
            lab.must_exist().await?;
            return Err(Error::NoGuest(name.clone()));
        };
        if !lab.mark().is_on(&guest.instance.config) {
            return Err(Error::Foreign { object: object.to_string() });
        }
        if guest.instance.status != Status::Running {
            return Err(Error::NotRunning(name.clone()));
        }
        let Some(own) = view(guest.state.pid) else {
            return Ok(Self { others: told(lab, name).await?, guest, outcomes: blind() });
        };
        let (project, first, of) = (lab.project.as_str().to_owned(), own.clone(), name.to_string());
        let found = tokio::task::spawn_blocking(move || running(&project, (&of, &first))).await;
        let others = match found.ok().flatten() {
            Some(mut found) => {
                found.retain(|(other, _)| other != name.as_str());
                Others::Seen(found)
            }
            None => told(lab, name).await?,
        };
        let views: Vec<(String, View)> = match &others {
            Others::Seen(found) => found.clone(),
            Others::Told(all) => {
                let other = |other: &InstanceWithState| Some((other.instance.name.clone(), view(other.state.pid)?));
                all.iter().filter_map(other).collect()
            }
        };
        // Reading all of the host's processes takes a while.
        let looked = tokio::task::spawn_blocking(move || own.outcomes(&views, crate::cloud_init::DEFAULT_PORT));
        let outcomes = looked.await.unwrap_or_else(|_| blind());
        Ok(Self { guest, others, outcomes })
    }

    /// The names of the others that run.
    pub(super) fn running(&self) -> Vec<String> {
        match &self.others {
            Others::Seen(found) => found.iter().map(|(name, _)| name.clone()).collect(),
            Others::Told(all) => {
                let all = all.iter().filter(|other| other.instance.status == Status::Running);
                all.map(|other| other.instance.name.clone()).collect()
            }
        }
    }

    /// Those on the bridge. The daemon is asked only for those of which the kernel does not say which card they have, and
    /// for no more of them than are tried.
    pub(super) async fn beside(
        &self,
        lab: &Lab,
        bound: &BTreeMap<String, Binding>,
    ) -> std::result::Result<Beside, String> {
        let found = match &self.others {
            Others::Told(all) => return Ok(Beside { told: all.clone(), ..Beside::default() }),
            Others::Seen(found) => found,
        };
        let bridge = lab.settings.name.network();
        let is_on_bridge =
            |port: &str| std::fs::exists(format!("/sys/class/net/{bridge}/brif/{port}")).unwrap_or(false);
        let project = lab.project.as_str();
        let ports: BTreeMap<&str, &Binding> = bound
            .iter()
            .filter_map(|(port, binding)| Some((binding.guest_of(project)?, (port, binding))))
            .filter(|(_, (port, _))| is_on_bridge(port))
            .map(|(guest, (_, binding))| (guest, binding))
            .collect();
        let mut beside = Beside::default();
        let mut strangers = BTreeMap::new();
        for (name, first) in found {
            match ports.get(name.as_str()).and_then(|binding| Some((binding.address, binding.mac?))) {
                Some((address, mac)) => beside.bound.push(Sibling { name: name.clone(), mac, address }),
                None => drop(strangers.insert(name.as_str(), first.pid())),
            }
        }
        let names: Vec<&str> = strangers.keys().copied().take(SIBLINGS).collect();
        if !names.is_empty() {
            let instances = Collection::instances(&lab.project);
            let told = lab.client.list_where::<Instance>(&instances, &Filter::named(&names)).await;
            let told = told.map_err(|error| error.to_string())?;
            let wanted: BTreeSet<&str> = names.into_iter().collect();
            for instance in told.into_iter().filter(|instance| wanted.contains(instance.name.as_str())) {
                let pid = strangers.get(instance.name.as_str()).copied().unwrap_or_default();
                let mut one = InstanceWithState { instance, ..InstanceWithState::default() };
                one.state.pid = pid.into();
                beside.told.push(one);
            }
        }
        Ok(beside)
    }
}

/// The others, as the daemon knows them.
async fn told(lab: &Lab, name: &GuestName) -> Result<Others> {
    let all = lab.client.list_with_state(&Collection::instances(&lab.project)).await;
    let mut all = all.map_err(|error| match error.refusal() {
        Some(Refusal::NotFound) => Error::NoLab { lab: lab.settings.name.clone() },
        _ => error.into(),
    })?;
    all.retain(|other| other.instance.name != name.as_str());
    Ok(Others::Told(all))
}
