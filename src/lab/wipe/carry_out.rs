//! Carrying out a plan.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::guests;
use super::patience::patiently;
use super::plan::{Fate, Kind, Target, WipePlan, WipeStep};
use super::scope::WipeScope;
use crate::fence;
use crate::incus::{Config, Job, Object, Profile, Project, Refusal};
use crate::lab::{Error, Lab, LabLock, Result};

/// How often a thing that is in use is tried to be deleted: what used it may be on its way out.
const TRIES: u32 = 4;
/// How long is waited before.
const BREATH: Duration = Duration::from_millis(400);

/// Carries out a plan: guests side by side, the rest in order. Returns what is there afterwards that the lab, or
/// something in its way, left; empty when nothing is.
pub async fn wipe(lock: &LabLock, plan: &WipePlan, scope: &WipeScope, job: &Job) -> Result<WipePlan> {
    let lab = lock.lab();
    // Whatever the plan says of guests, there may be others by now.
    let mut notes = if is_own(lab, job).await? { guests::end_all(lab, job).await? } else { Vec::new() };
    if plan.doomed().any(|step| step.kind == Kind::Project) {
        empty_default_profile(lab, job).await?;
    }
    for step in plan.doomed() {
        if job.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match &step.target {
            Target::Object(object) if step.kind != Kind::Guest => notes.extend(delete(lab, step, object, job).await?),
            Target::Fence => lift_fence(lab, step, job).await?,
            Target::Object(_) | Target::Along | Target::Nothing => {}
        }
    }
    if !plan.steps.iter().any(|step| step.kind == Kind::FirewallTable && step.fate == Fate::Delete) {
        // Nobody is left that was cut off.
        let _ = fence::cut(&lab.settings.name, &BTreeSet::default(), fence::Filters::Keep).await;
    }
    let mut left = patiently_planned(lab, scope, job).await?.left();
    left.notes.splice(0..0, notes);
    Ok(left)
}

/// Whether the project is there, and the lab's.
pub(super) async fn is_own(lab: &Lab, job: &Job) -> Result<bool> {
    let object = Object::project(&lab.project);
    let found = patiently(job, async || lab.client.get::<Project>(&object).await).await?;
    Ok(found.is_some_and(|project| lab.mark().is_on(&project.config)))
}

async fn patiently_planned(lab: &Lab, scope: &WipeScope, job: &Job) -> Result<WipePlan> {
    // The first question waits for the daemon; the others follow at once.
    let project = Object::project(&lab.project);
    patiently(job, async || lab.client.exists(&project).await).await?;
    lab.wipe_plan(scope).await
}

/// Deletes an object. Says why it did not, where something else has to go first.
async fn delete(lab: &Lab, step: &WipeStep, object: &Object, job: &Job) -> Result<Option<String>> {
    let began = Instant::now();
    // Whoever was asked took a while to answer: what is not the lab's any more stays.
    if !still_marked(lab, object, job).await? {
        job.progress.note(format!("{} lost its mark, or is gone", step.label()));
        return Ok(None);
    }
    job.progress.begin(format!("delete {}", step.label()));
    for attempt in 1.. {
        match patiently(job, async || lab.client.delete(object, job).await).await {
            Ok(_) => {
                job.progress.done(format!("{} deleted", step.label()), began.elapsed());
                break;
            }
            Err(Error::Incus(error)) if is_passing(&error) && attempt < TRIES => sleep(BREATH * attempt).await,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            // Others may go all the same; the look afterwards names this one.
            Err(Error::Incus(error)) if error.refusal().is_some() => {
                job.progress.note(format!("{} stays: {error}", step.label()));
                return Ok(Some(error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// What uses it may go yet, and a mount may be busy for a moment. Incus looks at every link of the machine when it deletes a
/// network, and fails if one goes away meanwhile.
fn is_passing(error: &crate::incus::Error) -> bool {
    matches!(error.refusal(), Some(Refusal::InUse | Refusal::Busy | Refusal::Failed))
}

async fn lift_fence(lab: &Lab, step: &WipeStep, job: &Job) -> Result<()> {
    let began = Instant::now();
    let bridge = Object::network(&lab.settings.name.network());
    if patiently(job, async || lab.client.exists(&bridge).await).await? {
        job.progress.note(format!("{} stays as long as the bridge does", step.label()));
        return Ok(());
    }
    fence::remove(&lab.settings.name).await?;
    job.progress.done(format!("{} deleted", step.label()), began.elapsed());
    Ok(())
}

/// The project's default profile can't be deleted before it, and keeps what its devices name.
async fn empty_default_profile(lab: &Lab, job: &Job) -> Result<()> {
    let object = Object::profile(&lab.project, "default");
    let found = patiently(job, async || lab.client.get::<Profile>(&object).await).await?;
    if found.is_some_and(|profile| !profile.devices.is_empty()) {
        let empty = Profile::default();
        patiently(job, async || lab.client.replace(&object, &empty, job).await).await?;
    }
    Ok(())
}

async fn still_marked(lab: &Lab, object: &Object, job: &Job) -> Result<bool> {
    #[derive(serde::Deserialize)]
    struct Marked {
        config: Option<Config>,
        // Where an image carries it.
        properties: Option<Config>,
    }
    let found = patiently(job, async || lab.client.get::<Marked>(object).await).await?;
    let places = found.into_iter().flat_map(|found| [found.config, found.properties]).flatten();
    Ok(places.into_iter().any(|place| lab.mark().is_on(&place)))
}
