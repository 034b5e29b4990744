//! Removing a guest, whatever state it is in.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::guests::is_of_launch;
use super::{Error, Lab, Result};
use crate::incus::{self, Job, Object, Refusal, StateChange};
use crate::names::GuestName;
use crate::text;

/// How often it is tried: tasks that a killed launch left behind can still be running, one after the other.
const ROUNDS: usize = 20;
/// How long one task of the daemon is waited for in a round.
const TASK_WITHIN: Duration = Duration::from_secs(30);
/// How long a guest that is busy is left alone.
const BREATH: Duration = Duration::from_millis(500);

/// Kills and deletes a guest; says whether there was one. What the daemon still does for it, such as a create that a
/// killed launch left behind, is waited for first, so that nothing appears afterwards.
pub async fn remove_guest(lab: &Lab, name: &GuestName, job: &Job) -> Result<bool> {
    remove(lab, name.as_str(), None, job).await
}

/// The same, if it is the guest of this launch; another one of that name counts as none.
pub(super) async fn remove_launched(lab: &Lab, name: &GuestName, launch: &str, job: &Job) -> Result<bool> {
    remove(lab, name.as_str(), Some(launch), job).await
}

async fn remove(lab: &Lab, name: &str, launch: Option<&str>, job: &Job) -> Result<bool> {
    let began = Instant::now();
    let mut was_there = false;
    for _ in 0..ROUNDS {
        let tasks = lab.client.running_tasks(&lab.project, name).await?;
        let idle = tasks.is_empty();
        for task in tasks {
            // However it ends: what it leaves is looked for below. One that hangs does not keep the guest alive.
            let _ = timeout(TASK_WITHIN, lab.client.wait(task, job)).await;
        }
        match remove_once(lab, name, launch, job).await {
            Ok(true) => was_there = true,
            Ok(false) if idle => return Ok(was_there),
            Ok(false) => {}
            Err(Error::Incus(error)) if error.refusal() == Some(Refusal::Busy) => sleep(BREATH).await,
            Err(error) => return Err(error),
        }
    }
    Err(Error::Busy { guest: text::excerpt(name, 63), after: began.elapsed() })
}

/// Kills and deletes a guest; says whether there was one.
async fn remove_once(lab: &Lab, name: &str, launch: Option<&str>, job: &Job) -> Result<bool> {
    let object = Object::instance(&lab.project, name);
    let Some(instance) = lab.client.get::<incus::Instance>(&object).await? else { return Ok(false) };
    if !lab.mark().is_on(&instance.config) {
        return Err(Error::Foreign { object: object.to_string() });
    }
    if launch.is_some_and(|launch| !is_of_launch(&instance.config, launch)) {
        return Ok(false);
    }
    lab.client.change_state(&lab.project, name, StateChange::Kill, job).await?;
    lab.client.delete(&object, job).await?;
    Ok(true)
}
