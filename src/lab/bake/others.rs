//! Other bakes of the same lab: those that run are waited for, and those that were killed are cleaned up after.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::baker::{BAKER_KEY, Baker};
use crate::incus::{Instance, Job, Object};
use crate::lab::cleanup::{remove_guest, remove_launched};
use crate::lab::guests::{LAUNCH_KEY, Readiness, STATE_KEY};
use crate::lab::prepare::BUILDER;
use crate::lab::{Error, Lab, Result};
use crate::names::GuestName;

/// How often it is looked whether another bake has ended.
const RETRY: Duration = Duration::from_millis(500);
/// How long an image is waited for that the daemon still makes for a bake that was killed.
const PUBLISHED_WITHIN: Duration = Duration::from_mins(5);

/// Waits until nobody else bakes, and removes the builder of a bake that was killed.
pub(super) async fn wait_for(lab: &Lab, until: Instant, job: &Job) -> Result<()> {
    let object = Object::instance(&lab.project, BUILDER);
    let mut told = None;
    while let Some(found) = lab.client.get::<Instance>(&object).await? {
        if Readiness::read(found.config.get(STATE_KEY)) != Readiness::Baking {
            return Err(Error::NameTaken(BUILDER.parse()?));
        }
        let baker = found.config.get(BAKER_KEY).and_then(|text| Baker::read(text));
        let Some(baker) = baker.filter(Baker::may_bake) else { return remove_stale(lab, &found, job).await };
        if Instant::now() >= until {
            return Err(Error::OtherBakes { pid: baker.pid() });
        }
        if told.as_ref() != Some(&baker) {
            job.progress.note(format!("another podclaw (pid {}) bakes: waiting for it", baker.pid()));
            told = Some(baker);
        }
        tokio::select! {
            () = sleep(RETRY) => {}
            () = job.cancel.cancelled() => return Err(Error::Cancelled),
        }
    }
    Ok(())
}

async fn remove_stale(lab: &Lab, builder: &Instance, job: &Job) -> Result<()> {
    let name: GuestName = BUILDER.parse()?;
    job.progress.begin("removing what a killed bake left");
    // The daemon goes on with what it was asked for, and would fail in the middle of it without the builder.
    let publishing = async {
        for task in lab.client.images_in_the_making(&lab.project).await? {
            // However it ends: what it leaves has no key, and is removed.
            let _ = lab.client.wait(task, job).await;
        }
        Ok::<_, Error>(())
    };
    if let Ok(waited) = timeout(PUBLISHED_WITHIN, publishing).await {
        waited?;
    }
    // By its number, as somebody else may have done the same, and have made another one.
    match builder.config.get(LAUNCH_KEY) {
        Some(launch) => remove_launched(lab, &name, launch, job).await.map(drop),
        None => remove_guest(lab, &name, job).await.map(drop),
    }
}
