//! Making a guest that shares its user ids with no other.
//!
//! Incus 6.0.4 looks for a free range of ids for an isolated guest and writes down what it took in two steps: guests made
//! at the same moment can get the same range. Escaping from one would then be having the others.

use std::time::Duration;

use tokio::time::sleep;

use super::cleanup::remove_launched;
use super::{Error, Lab, Prepared, Result};
use crate::incus::{Collection, Instance, Job, Object, Refusal, Wait};

/// How many ids an isolated guest has.
const IDS: u64 = 65536;
/// The config key in which Incus writes down the first one.
const BASE: &str = "volatile.idmap.base";
/// How often it is tried, and how long is waited before.
const TRIES: u32 = 5;
const BREATH: Duration = Duration::from_millis(300);

/// Makes a guest, and makes it again if another one has its ids; returns what the daemon made of it. Guests of one process
/// are made one after the other; the look afterwards is for those of others.
pub(super) async fn create(lab: &Lab, prepared: &Prepared, job: &Job) -> Result<Instance> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    for attempt in 1..=TRIES {
        let turn = lab.client.timeline().waiting(Wait::Turn, lab.creating.lock()).await;
        if let Err(error) = lab.client.create(&instance, &prepared.instance, job).await {
            return Err(match error.refusal() {
                // Busy is a guest that another launch makes just now.
                Some(Refusal::AlreadyExists | Refusal::Busy) => Error::NameTaken(prepared.name.clone()),
                Some(_) if !has_its_image(lab, prepared).await? => Error::BakedGone,
                _ => error.into(),
            });
        }
        if let Some(made) = with_own_ids(lab, prepared).await? {
            return Ok(made);
        }
        remove_launched(lab, &prepared.name, prepared.launch_id(), job).await?;
        drop(turn);
        // The other one does the same, and must not do it at the same time again.
        sleep(BREATH * attempt + Duration::from_millis(u64::from(std::process::id()) % 200)).await;
    }
    Err(Error::SharedIds(prepared.name.clone()))
}

/// Whether the image that it is made from is there. A bake deletes those that were baked before.
async fn has_its_image(lab: &Lab, prepared: &Prepared) -> Result<bool> {
    match &prepared.baked {
        Some(baked) => Ok(lab.client.exists(&Object::image(&lab.project, baked.fingerprint.as_str())).await?),
        None => Ok(true),
    }
}

/// What the daemon made, unless another guest has its ids.
async fn with_own_ids(lab: &Lab, prepared: &Prepared) -> Result<Option<Instance>> {
    let mut instances = lab.client.list::<Instance>(&Collection::instances(&lab.project)).await?;
    let base = |instance: &Instance| instance.config.get(BASE).and_then(|base| base.parse::<u64>().ok());
    let Some(at) = instances.iter().position(|instance| instance.name == prepared.name.as_str()) else {
        return Ok(None);
    };
    let made = instances.swap_remove(at);
    // Without a number of its own it has no range of its own.
    let Some(own) = base(&made) else { return Ok(None) };
    let is_shared = instances.iter().filter_map(base).any(|other| other.abs_diff(own) < IDS);
    Ok((!is_shared).then_some(made))
}
