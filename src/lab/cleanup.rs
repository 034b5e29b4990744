//! Removing a guest, whatever state it is in.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{Error, Lab, Result};
use crate::incus::{Instance, Job, Object, StateChange};
use crate::names::GuestName;

/// How often it is tried: tasks that a killed launch left behind can still be running, one after the other.
const ROUNDS: usize = 20;
/// How long one task of the daemon is waited for in a round.
const TASK_WITHIN: Duration = Duration::from_secs(30);
/// How long a guest that is busy is left alone.
const BREATH: Duration = Duration::from_millis(500);

/// Kills and deletes a guest; says whether there was one. What the daemon still does for it, such as a create that a
/// killed launch left behind, is waited for first, so that nothing appears afterwards.
pub async fn remove_guest(lab: &Lab, name: &GuestName, job: &Job) -> Result<bool> {
    let mut was_there = false;
    for round in 1.. {
        let tasks = lab.client.running_tasks(&lab.project, name.as_str()).await?;
        let idle = tasks.is_empty();
        for task in tasks {
            // However it ends: what it leaves is looked for below. One that hangs does not keep the guest alive.
            let _ = timeout(TASK_WITHIN, lab.client.wait(task, job)).await;
        }
        match remove_once(lab, name, job).await {
            Ok(true) => was_there = true,
            Ok(false) if idle => return Ok(was_there),
            Ok(false) => {}
            Err(Error::Incus(error)) if is_busy(&error) && round < ROUNDS => sleep(BREATH).await,
            Err(error) => return Err(error),
        }
    }
    Ok(was_there)
}

/// Kills and deletes a guest; says whether there was one.
async fn remove_once(lab: &Lab, name: &GuestName, job: &Job) -> Result<bool> {
    let object = Object::instance(&lab.project, name.as_str());
    let Some(instance) = lab.client.get::<Instance>(&object).await? else { return Ok(false) };
    if !lab.mark().is_on(&instance.config) {
        return Err(Error::Foreign { object: object.to_string() });
    }
    lab.client.change_state(&lab.project, name.as_str(), StateChange::Kill, job).await?;
    lab.client.delete(&object, job).await?;
    Ok(true)
}

/// Whether the daemon refused because it does something else with the guest, or because the guest started meanwhile.
fn is_busy(error: &crate::incus::Error) -> bool {
    let said = error.to_string();
    ["is busy running", "is running", "is currently running"].iter().any(|words| said.contains(words))
}
