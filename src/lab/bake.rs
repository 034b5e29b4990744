//! Baking: what every guest does in the same way is done once, and guests are made from the outcome.
//!
//! A builder guest runs all stages, up to a gateway that has started and was looked at. Then it removes all that is its
//! own, such as its token, its logs and its machine id, is killed before anything can be written again, and becomes an
//! image of the lab's project. It gets its key, and the project names it, only when it was looked at; until then nothing is
//! made from it, and the next bake removes it.

mod baker;
mod note;
mod offline;
mod others;

use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

pub(super) use baker::{BAKER_KEY, Baker};
use offline::{must_be_offline, take_offline};
use tokio::time::sleep;

use super::attempt::{LaunchOptions, attempt, make_and_start, step};
use super::cleanup::remove_launched;
use super::follow::Follower;
use super::timings::SettledAt;
use super::{Error, Lab, Prepared, Result, Settled};
use crate::cloud_init::{LOG_DIR, SEAL};
use crate::image::{self, BakeKey, BakedImage, Turn};
use crate::incus::{Command, Instance, Job, Object, StateChange};
use crate::text;

/// How long sealing may take: the gateway alone may need 90 seconds to stop.
const SEAL_WITHIN: Duration = Duration::from_mins(4);
/// How much of what a builder says is kept, in bytes, and how many lines of it are shown.
const LOG_BYTES: usize = 256 * 1024;
const LOG_LINES: usize = 15;
/// How long the logs of a builder that failed are waited for.
const LOG_WITHIN: Duration = Duration::from_secs(20);
/// How long is waited before the builder of somebody who was quicker is looked for.
const BREATH: Duration = Duration::from_millis(300);

/// How a bake is bounded, and where the lab's lock is.
#[derive(Debug, Clone, Copy)]
pub struct BakeOptions<'a> {
    /// How long it may take.
    pub timeout: Duration,
    /// The directory of the lab's lock.
    pub runtime: &'a Path,
}

impl Settled {
    /// The baked image that fits, if there was one when it was settled.
    pub fn baked(&mut self, lab: &Lab) -> Result<Option<BakedImage>> {
        let key = self.bake_key()?;
        let found = image::baked_of(&self.stored, lab.image_request(), self.note.as_ref(), &key);
        self.at = SettledAt::now(&lab.client);
        Ok(found)
    }
}

/// Makes the baked image that fits, unless there is one. Of several that bake at once one does, and the others wait and
/// take what it made. When it fails nothing is left but a log; a killed one is cleaned up after by the next.
///
/// # Errors
/// How a stage failed, or sealing, or the daemon; what it says where the disk is full.
pub async fn bake(lab: &Lab, settled: &Settled, options: BakeOptions<'_>, job: &Job) -> Result<BakedImage> {
    let turn = Turn::take(lab.image_request(), job).await?;
    let until = Instant::now() + options.timeout;
    let key = settled.bake_key()?;
    loop {
        others::wait_for(lab, until, job).await?;
        remove_unfinished(lab, job).await?;
        // Somebody else may have made one since the images were listed.
        let note = lab.bake_note().await?;
        if let Some(found) = image::baked(&lab.client, lab.image_request(), note.as_ref(), &key).await? {
            return Ok(found);
        }
        match make(lab, settled, options, &turn.log("bake"), job).await {
            // Somebody with another turn was quicker, and has the builder's name.
            Err(Error::NameTaken(_)) if Instant::now() < until => sleep(BREATH).await,
            made => return made,
        }
    }
}

async fn make(lab: &Lab, settled: &Settled, options: BakeOptions<'_>, log: &Path, job: &Job) -> Result<BakedImage> {
    let builder = settled.builder(lab)?;
    let key = BakeKey::new(&settled.images, builder.user_data().unwrap_or_default());
    let limits = LaunchOptions { timeout: options.timeout, keep_failed: false };
    let made = attempt(lab, &builder, limits, job, async |follower: &mut Follower<'_>, job: &Job| {
        let done = build(lab, settled, &builder, &key, options.runtime, follower, job).await;
        if done.is_err() {
            keep_logs(lab, &builder, log).await;
        }
        done
    })
    .await;
    let made = match made {
        Ok(made) => made,
        // Somebody else bakes, and has an image that is not finished either.
        Err(error @ Error::NameTaken(_)) => return Err(error),
        Err(error) => {
            // Whatever this comes to: nothing is made from what is left.
            let _ = remove_unfinished(lab, &Job::quiet()).await;
            return Err(match error {
                Error::Cancelled => error,
                error => Error::NotBaked { error: Box::new(error), log: log.to_owned() },
            });
        }
    };
    for before in image::baked_before(&lab.client, lab.image_request(), &made).await? {
        // Guests that were made from it don't need it any more.
        lab.client.delete(&Object::image(&lab.project, before.as_str()), job).await?;
        job.progress.note(format!("deleted {}, which was baked before", before.short()));
    }
    Ok(made)
}

async fn build(
    lab: &Lab,
    settled: &Settled,
    builder: &Prepared,
    key: &BakeKey,
    runtime: &Path,
    follower: &mut Follower<'_>,
    job: &Job,
) -> Result<BakedImage> {
    let name = builder.name.as_str();
    make_and_start(lab, builder, follower, job).await?;
    run_stages(lab, builder, follower, job).await?;
    must_be_ours(lab, builder).await?;
    // The command that followed the stages ends with it, and is no part of the image.
    drop(follower.line.take());
    step(job, "sealed", "removing what is the builder's own", seal(lab, builder, job)).await?;
    must_be_ours(lab, builder).await?;
    // Not an orderly shutdown, in which services write down what they know.
    lab.client.change_state(&lab.project, name, StateChange::Kill, job).await?;
    must_be_ours(lab, builder).await?;
    let properties = image::baked_properties(lab.image_request(), &settled.images);
    let fingerprint = step(job, "published", "making an image of it", async {
        Ok(lab.client.publish(&lab.project, name, &properties, job).await?)
    })
    .await?;
    let fingerprint = fingerprint.parse().map_err(|_| Error::Untrustworthy("its image has no fingerprint".into()))?;
    let baked = BakedImage { fingerprint, key: key.clone() };
    let finished = finish(lab, builder, &baked, runtime, job).await;
    if finished.is_err() {
        // Such as where the pool is too small for it: then it is of no use, and takes up room.
        lab.forget_baked(&[baked.fingerprint.as_str()], runtime, &Job::quiet()).await?;
        lab.client.delete(&Object::image(&lab.project, baked.fingerprint.as_str()), &Job::quiet()).await?;
    }
    finished.map(|()| baked)
}

/// Makes the image one that guests are made from. As long as the project does not name it, its builder is there, and says to
/// everybody that it is being baked.
async fn finish(lab: &Lab, builder: &Prepared, baked: &BakedImage, runtime: &Path, job: &Job) -> Result<()> {
    image::vouch(&lab.client, lab.image_request(), baked, job).await?;
    lab.name_baked(baked, runtime, job).await?;
    remove_launched(lab, &builder.name, builder.launch_id(), job).await?;
    step(job, "unpacked", "unpacking the image", unpack(lab, builder, baked, job)).await
}

/// Follows the builder's stages, and takes its network away before its gateway runs in the last one. The last one waits for
/// that, so it can end before the daemon has said that it was done, but not before the daemon was asked for it.
async fn run_stages(lab: &Lab, builder: &Prepared, follower: &mut Follower<'_>, job: &Job) -> Result<()> {
    let asked = AtomicBool::new(false);
    let mut stages = pin!(follower.run(job));
    let mut offline = pin!(take_offline(lab, builder, &asked, job));
    tokio::select! {
        ended = &mut stages => {
            ended?;
            if asked.load(Relaxed) { offline.await } else { Err(Error::NeverOffline) }
        }
        taken = &mut offline => {
            taken?;
            stages.await
        }
    }
}

/// What follows goes by the builder's name. Somebody with another cache directory, and so with another turn, may have made
/// another one of that name; or somebody gave it a network again.
async fn must_be_ours(lab: &Lab, builder: &Prepared) -> Result<()> {
    let object = Object::instance(&lab.project, builder.name.as_str());
    match lab.client.get::<Instance>(&object).await? {
        Some(found) if builder.made(&found.config) => must_be_offline(&found),
        _ => Err(Error::Foreign { object: object.to_string() }),
    }
}

/// Lets the builder remove what is its own, and stop what could write it again.
async fn seal(lab: &Lab, builder: &Prepared, job: &Job) -> Result<()> {
    let began = Instant::now();
    let (project, name) = (&lab.project, builder.name.as_str());
    let command = Command::new([SEAL]);
    let said = tokio::select! {
        said = lab.client.capture(project, name, &command, b"", LOG_BYTES, SEAL_WITHIN) => said?,
        () = job.cancel.cancelled() => return Err(Error::Cancelled),
    };
    if said.code == 0 {
        return Ok(());
    }
    tracing::debug!(code = said.code, after = ?began.elapsed(), "sealing failed");
    let output = [said.stdout, said.stderr].concat();
    Err(Error::NotSealed { code: said.code, log: text::tail(&output, LOG_LINES) })
}

/// The daemon unpacks an image when the first instance is made from it. That is done now, so that no launch waits for it.
async fn unpack(lab: &Lab, builder: &Prepared, baked: &BakedImage, job: &Job) -> Result<()> {
    let image = baked.fingerprint.to_string();
    let instance = crate::incus::NewInstance { image, ..builder.instance.clone() };
    lab.client.create(&Object::instance(&lab.project, builder.name.as_str()), &instance, job).await?;
    remove_launched(lab, &builder.name, builder.launch_id(), job).await.map(drop)
}

/// Removes the images of bakes that were killed before these had been looked at.
async fn remove_unfinished(lab: &Lab, job: &Job) -> Result<()> {
    for left in image::unfinished(&lab.client, lab.image_request()).await? {
        lab.client.delete(&Object::image(&lab.project, left.as_str()), job).await?;
    }
    Ok(())
}

/// Keeps what the stages of a failed builder said. Whatever goes wrong here is less than what went wrong before.
async fn keep_logs(lab: &Lab, builder: &Prepared, log: &Path) {
    let script = format!("tail -n +1 -- {LOG_DIR}/*.log {LOG_DIR}/events.jsonl");
    let command = Command::new(["sh", "-c", &script]);
    let said = lab.client.capture(&lab.project, builder.name.as_str(), &command, b"", LOG_BYTES, LOG_WITHIN).await;
    let text = said.map(|said| text::tail(&said.stdout, usize::MAX)).unwrap_or_default();
    if let Err(error) = std::fs::write(log, text) {
        tracing::debug!(%error, "the log of the bake can't be kept");
    }
}
