//! The end of one guest, whatever state it is in, within a time.

use std::time::Duration;

use tokio::time::timeout;

use super::by_force;
use crate::incus::{self, Config, Instance, Job, Object, Refusal, StateChange, Status};
use crate::lab::Lab;

/// How long the daemon may take to kill a guest: longer than one with a thousand processes takes on a busy machine.
const KILLED_WITHIN: Duration = Duration::from_secs(15);
/// How long it may take to delete one.
const DELETED_WITHIN: Duration = Duration::from_mins(2);
/// The config key that keeps a guest from being deleted.
const PROTECTION: &str = "security.protection.delete";

/// What came of it.
#[derive(Debug)]
pub(super) enum Ended {
    /// It is gone.
    Gone,
    /// It is still there, for this reason, and it is tried again.
    Not(String),
}

/// Kills and deletes a guest that was seen to be the lab's, unless it is dead already. What is refused now may go later, so
/// nothing here is final.
pub(super) async fn end(lab: &Lab, guest: &Instance, is_dead: bool, job: &Job) -> Ended {
    match try_end(lab, guest, is_dead, job).await {
        Ok(()) => Ended::Gone,
        Err(error) if error.refusal() == Some(Refusal::NotFound) => Ended::Gone,
        Err(error) => Ended::Not(error.to_string()),
    }
}

async fn try_end(lab: &Lab, guest: &Instance, is_dead: bool, job: &Job) -> incus::Result<()> {
    let object = Object::instance(&lab.project, &guest.name);
    if is_on(&guest.expanded_config, PROTECTION) {
        let off = serde_json::json!({ "config": { PROTECTION: "false" } });
        within(KILLED_WITHIN, "unprotect", &object, lab.client.patch(&object, &off, job)).await?;
    }
    if guest.status != Status::Stopped && !is_dead {
        let kill = || lab.client.change_state(&lab.project, &guest.name, StateChange::Kill, job);
        if let Err(error) = within(KILLED_WITHIN, "kill", &object, kill()).await {
            if !by_force::kill(lab, &guest.name).await {
                return Err(error);
            }
            within(KILLED_WITHIN, "kill", &object, kill()).await?;
        }
    }
    within(DELETED_WITHIN, "delete", &object, lab.client.delete(&object, job)).await.map(drop)
}

async fn within<T>(
    longest: Duration,
    action: &'static str,
    object: &Object,
    act: impl Future<Output = incus::Result<T>>,
) -> incus::Result<T> {
    let late = |_| incus::Error::TimedOut { action, object: object.to_string(), after: longest };
    timeout(longest, act).await.map_err(late)?
}

/// Whether a key says yes, in any of the ways that Incus takes for it.
fn is_on(config: &Config, key: &str) -> bool {
    config.get(key).is_some_and(|value| ["true", "1", "yes", "on"].contains(&value.to_lowercase().as_str()))
}
