//! Removing a guest, whatever state it is in.

use super::{Error, Lab, Result};
use crate::incus::{Instance, Job, Object, StateChange};
use crate::names::GuestName;

/// How often a guest that comes back is removed: a create that a killed launch left behind can still be running.
const ROUNDS: usize = 3;

/// Kills and deletes a guest; says whether there was one. A create of it that is still running is waited for first,
/// so that nothing appears afterwards.
pub async fn remove_guest(lab: &Lab, name: &GuestName, job: &Job) -> Result<bool> {
    let object = Object::instance(&lab.project, name.as_str());
    let mut was_there = false;
    for _ in 0..ROUNDS {
        let creating = lab.client.running_create(&lab.project, name.as_str()).await?;
        let pending = creating.is_some();
        if let Some(operation) = creating {
            // However it ends: what it leaves is looked for below.
            let _ = lab.client.wait(operation, job).await;
        }
        let Some(instance) = lab.client.get::<Instance>(&object).await? else {
            if pending {
                continue;
            }
            return Ok(was_there);
        };
        if !lab.mark().is_on(&instance.config) {
            return Err(Error::Foreign { object: object.to_string() });
        }
        was_there = true;
        lab.client.change_state(&lab.project, name.as_str(), StateChange::Kill, job).await?;
        lab.client.delete(&object, job).await?;
    }
    Ok(was_there)
}
