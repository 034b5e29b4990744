//! Baking: what every guest does in the same way is done once, and guests are made from the outcome.
//!
//! A builder guest runs all stages, up to a gateway that has started and was looked at. Then it removes all that is its
//! own, such as its token, its logs and its machine id, is killed before anything can be written again, and becomes an
//! image of the lab's project. An image appears there only when it is whole.

use std::path::Path;
use std::time::{Duration, Instant};

use super::attempt::{LaunchOptions, attempt, bring_up, step};
use super::cleanup::{remove_guest, remove_launched};
use super::follow::Follower;
use super::guests::{Readiness, STATE_KEY};
use super::prepare::BUILDER;
use super::timings::SettledAt;
use super::{Error, Lab, Prepared, Result, Settled};
use crate::cloud_init::{LOG_DIR, SEAL};
use crate::image::{self, BakeKey, BakedImage, Turn};
use crate::incus::{Command, Instance, Job, Object, StateChange};
use crate::names::GuestName;
use crate::text;

/// How long sealing may take: the gateway alone may need 90 seconds to stop.
const SEAL_WITHIN: Duration = Duration::from_mins(4);
/// How much of what a builder says is kept, in bytes, and how many lines of it are shown.
const LOG_BYTES: usize = 256 * 1024;
const LOG_LINES: usize = 15;
/// How long the logs of a builder that failed are waited for.
const LOG_WITHIN: Duration = Duration::from_secs(20);

impl Settled {
    /// The baked image that fits, if there was one when it was settled.
    pub fn baked(&mut self, lab: &Lab) -> Result<Option<BakedImage>> {
        let key = BakeKey::new(&self.images, &self.user_data_of_builder()?);
        let found = image::baked_of(&self.stored, lab.image_request(), &key)?;
        self.at = SettledAt::now(&lab.client);
        Ok(found)
    }
}

/// Makes the baked image that fits, unless there is one. Of several that bake at once one does, and the others wait and
/// take what it made. When it fails nothing is left but a log; a killed one is cleaned up after by the next.
///
/// # Errors
/// How a stage failed, or sealing, or the daemon; what it says where the disk is full.
pub async fn bake(lab: &Lab, settled: &Settled, timeout: Duration, job: &Job) -> Result<BakedImage> {
    let turn = Turn::take(lab.image_request(), job).await?;
    remove_stale(lab, job).await?;
    let builder = settled.builder(lab)?;
    let key = BakeKey::new(&settled.images, builder.user_data().unwrap_or_default());
    // Somebody else may have made one since the images were listed.
    if let Some(found) = image::baked(&lab.client, lab.image_request(), &key).await? {
        return Ok(found);
    }
    let options = LaunchOptions { timeout, keep_failed: false };
    let log = turn.log("bake");
    let made = attempt(lab, &builder, options, job, async |follower: &mut Follower<'_>, job: &Job| {
        let done = build(lab, settled, &builder, &key, follower, job).await;
        if done.is_err() {
            keep_logs(lab, &builder, &log).await;
        }
        done
    })
    .await
    .map_err(|error| match error {
        Error::Cancelled => error,
        error => Error::NotBaked { error: Box::new(error), log },
    })?;
    for before in image::baked_before(&lab.client, lab.image_request(), &key).await? {
        // Guests that were made from it don't need it any more.
        lab.client.delete(&Object::image(&lab.project, before.as_str()), job).await?;
        job.progress.note(format!("deleted {}, which was baked of something else", before.short()));
    }
    Ok(made)
}

async fn build(
    lab: &Lab,
    settled: &Settled,
    builder: &Prepared,
    key: &BakeKey,
    follower: &mut Follower<'_>,
    job: &Job,
) -> Result<BakedImage> {
    let name = builder.name.as_str();
    bring_up(lab, builder, follower, job).await?;
    must_be_ours(lab, builder).await?;
    // The command that followed the stages ends with it, and is no part of the image.
    drop(follower.line.take());
    step(job, "sealed", "removing what is the builder's own", seal(lab, builder, job)).await?;
    must_be_ours(lab, builder).await?;
    // Not an orderly shutdown, in which services write down what they know.
    lab.client.change_state(&lab.project, name, StateChange::Kill, job).await?;
    must_be_ours(lab, builder).await?;
    let properties = image::baked_properties(lab.image_request(), &settled.images, key);
    let fingerprint = step(job, "published", "making an image of it", async {
        Ok(lab.client.publish(&lab.project, name, &properties, job).await?)
    })
    .await?;
    let fingerprint = fingerprint.parse().map_err(|_| Error::Untrustworthy("its image has no fingerprint".into()))?;
    remove_launched(lab, &builder.name, builder.launch_id(), job).await?;
    let baked = BakedImage { fingerprint, key: key.clone() };
    let unpacked = step(job, "unpacked", "unpacking the image", unpack(lab, builder, &baked, job)).await;
    if unpacked.is_err() {
        // Such as where the pool is too small for it: then it is of no use, and takes up room.
        let image = Object::image(&lab.project, baked.fingerprint.as_str());
        lab.client.delete(&image, &Job::quiet()).await?;
    }
    unpacked.map(|()| baked)
}

/// What follows goes by the builder's name. Somebody with another cache directory, and so with another turn, may have made
/// another one of that name.
async fn must_be_ours(lab: &Lab, builder: &Prepared) -> Result<()> {
    let object = Object::instance(&lab.project, builder.name.as_str());
    let found = lab.client.get::<Instance>(&object).await?;
    if found.is_some_and(|found| builder.made(&found.config)) {
        return Ok(());
    }
    Err(Error::Foreign { object: object.to_string() })
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

/// Removes the builder of a bake that was killed. Nobody else bakes now, so there is nobody whose it could be.
async fn remove_stale(lab: &Lab, job: &Job) -> Result<()> {
    let name: GuestName = BUILDER.parse()?;
    let object = Object::instance(&lab.project, BUILDER);
    let Some(found) = lab.client.get::<Instance>(&object).await? else { return Ok(()) };
    if Readiness::read(found.config.get(STATE_KEY)) != Readiness::Baking {
        return Err(Error::NameTaken(name));
    }
    job.progress.begin("removing what a killed bake left");
    remove_guest(lab, &name, job).await.map(drop)
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
