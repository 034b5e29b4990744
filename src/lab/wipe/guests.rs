//! The end of all guests of the lab, also of those that are made meanwhile.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::at_once;
use super::pace::Pace;
use super::patience::patiently;
use super::stop::{Ended, end};
use crate::fence::{self, Filters, NftError};
use crate::incus::{Collection, Config, Instance, Job, Operation, OperationStatus, Refusal, Status};
use crate::lab::{Error, Lab, Result};

/// How often all of them are looked for again.
const ROUNDS: usize = 20;
/// How long the daemon's own tasks are waited for in a round, such as a create that a killed launch left behind.
const TASKS_WITHIN: Duration = Duration::from_secs(15);
/// How long those that did not go are left alone.
const BREATH: Duration = Duration::from_millis(500);

/// Kills and deletes all guests that carry the lab's mark, until there is none and nothing that could make one. Returns
/// why the rest did not go.
pub(super) async fn end_all(lab: &Lab, job: &Job) -> Result<Vec<String>> {
    let lab = &lab.recording().await;
    let mut pace = Pace::default();
    let mut left = Vec::new();
    for _ in 0..ROUNDS {
        if job.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let Some(guests) = own(lab, job).await? else { return Ok(Vec::new()) };
        let tasks = tasks(lab, job).await?;
        if guests.is_empty() && tasks.is_empty() {
            return Ok(Vec::new());
        }
        cut_off(lab, &guests, job).await;
        // What another task has in hand can't be had now, and must not keep the others waiting.
        let (busy, free): (Vec<_>, Vec<_>) =
            guests.iter().partition(|guest| tasks.iter().any(|task| task.instances().any(|name| name == guest.name)));
        let dead = at_once::kill(lab, &free).await;
        let dead = &dead;
        let all = free.into_iter().map(|guest| async move {
            let began = Instant::now();
            let job = Job::new(job.progress.lane(&guest.name), job.cancel.clone());
            job.progress.begin("delete guest");
            let ended = end(lab, guest, dead.contains(&guest.name), &job).await;
            if matches!(ended, Ended::Gone) {
                job.progress.done("guest deleted", began.elapsed());
            }
            let went_well = matches!(ended, Ended::Gone);
            (ended, went_well)
        });
        let (ended, ()) = tokio::join!(pace.all(all), tidy(lab, tasks, job));
        left = ended
            .into_iter()
            .filter_map(|ended| match ended {
                Ended::Gone => None,
                Ended::Not(why) => Some(why),
            })
            .collect();
        left.extend(busy.iter().map(|guest| format!("the daemon is busy with guest {}", guest.name)));
        if !left.is_empty() {
            sleep(BREATH).await;
        }
    }
    Ok(left)
}

/// The lab's own guests; nothing where there is no project any more.
async fn own(lab: &Lab, job: &Job) -> Result<Option<Vec<Instance>>> {
    let all = Collection::instances(&lab.project);
    match patiently(job, async || lab.client.list::<Instance>(&all).await).await {
        Ok(mut found) => {
            found.retain(|instance| lab.mark().is_on(&instance.config));
            Ok(Some(found))
        }
        Err(Error::Incus(error)) if error.refusal() == Some(Refusal::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the daemon works on in the project. Commands in guests end with them.
async fn tasks(lab: &Lab, job: &Job) -> Result<Vec<Operation>> {
    let mut found = patiently(job, async || lab.client.operations(&lab.project).await).await?;
    found.retain(|it| it.status_code == OperationStatus::Running && it.class == "task");
    Ok(found)
}

/// Cancels what can be cancelled, and waits for the rest for a while. However it ends: what it leaves is looked for in the
/// next round.
async fn tidy(lab: &Lab, tasks: Vec<Operation>, job: &Job) {
    let all = tasks.into_iter().map(|task| async {
        if task.may_cancel {
            let _ = timeout(TASKS_WITHIN, lab.client.cancel_operation(&task.id)).await;
        }
        let _ = timeout(TASKS_WITHIN, lab.client.wait(task, job)).await;
    });
    futures_util::future::join_all(all).await;
}

/// Cuts off all that run, at once. It is no use to anybody to know that it did not work, and they die all the same.
async fn cut_off(lab: &Lab, guests: &[Instance], job: &Job) {
    let running: BTreeSet<String> =
        guests.iter().filter(|guest| guest.status != Status::Stopped).flat_map(ends).collect();
    if running.is_empty() {
        return;
    }
    match fence::cut(&lab.settings.name, &running, Filters::Drop).await {
        Ok(()) | Err(NftError::Forbidden | NftError::Missing(_)) => {}
        Err(error) => job.progress.note(format!("guests are not cut off before they die: {error}")),
    }
}

/// The host's ends of a guest's interfaces, as the daemon wrote them down.
pub(super) fn ends(guest: &Instance) -> impl Iterator<Item = String> {
    let host = |(key, value): (&String, &String)| {
        (key.starts_with("volatile.") && key.ends_with(".host_name")).then(|| value.clone())
    };
    let config: &Config = &guest.config;
    config.iter().filter_map(host).collect::<Vec<_>>().into_iter()
}
