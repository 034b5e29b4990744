//! `podclaw image`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use super::{duration, words};
use crate::image::{self, BakedImage, Kind, Listed, Place};
use crate::incus::Job;
use crate::lab::{self, BakeOptions, Lab, LaunchRequest, Settled, Source};
use crate::text;

/// What `image` takes.
#[derive(Debug, Args)]
pub(crate) struct ImageArgs {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// Build what is missing of the base image and the gateway image
    Build {
        /// Build anew, and write what comes out to podclaw.lock
        #[arg(long)]
        update_lock: bool,
    },
    /// Make the image that guests start from: the base image with every stage run that needs no identity
    ///
    /// A builder guest runs all stages, removes what is its own, and becomes an image of the lab. `launch` does it by
    /// itself where there is none for podclaw.lock yet.
    Bake {
        /// How long it may take, such as 90s or 10m
        #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
        timeout: Duration,
    },
    /// List the images of the lab and of the cache
    #[command(visible_alias = "ls")]
    List,
    /// Delete images from the lab and from the cache
    #[command(visible_alias = "rm")]
    Delete {
        /// The images, each by the start of its digest, at least 8 digits
        #[arg(required_unless_present = "all", value_name = "DIGEST")]
        digests: Vec<String>,
        /// Delete all of them
        #[arg(long, conflicts_with = "digests")]
        all: bool,
    },
}

pub(crate) async fn run(args: ImageArgs, context: &Context) -> Result<u8, Failure> {
    match args.command {
        ImageCommand::Build { update_lock } => build(update_lock, context).await,
        ImageCommand::Bake { timeout } => bake_one(timeout, context).await,
        ImageCommand::List => list(context).await,
        ImageCommand::Delete { all: true, .. } => delete(image::Which::All, context).await,
        ImageCommand::Delete { digests, .. } => delete(image::Which::These(&digests), context).await,
    }
}

async fn build(update_lock: bool, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab_to_change().await?;
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let outcome = image::build(&lab.client, lab.image_request(), update_lock, &job).await;
    drop(job);
    watch.finish().await;
    let images = outcome.map_err(lab::Error::from)?;
    let gateway = images.gateway.id();
    if context.ui.json() {
        context.ui.say_json(&json!({
            "base": { "fingerprint": images.base.fingerprint.to_string(), "description": images.base.description },
            "gateway": gateway,
        }))?;
    } else {
        context.ui.say(format!(
            "base     {}  {}",
            images.base.fingerprint,
            text::excerpt(&images.base.description, 80)
        ));
        context.ui.say(format!("gateway  {gateway}"));
    }
    Ok(DONE)
}

async fn bake_one(timeout: Duration, context: &Context) -> Result<u8, Failure> {
    let Baked { image: baked, was_there, .. } = find(0, context).await?.baked(timeout, context).await?;
    if context.ui.json() {
        let key = baked.key.to_string();
        context
            .ui
            .say_json(&json!({ "fingerprint": baked.fingerprint.to_string(), "key": key, "made": !was_there }))?;
    } else {
        let is = if was_there { "is there already" } else { "is made" };
        context.ui.say(format!("baked    {}  {is}", baked.fingerprint));
    }
    Ok(DONE)
}

/// A lab with the baked image that fits it.
pub(super) struct Baked {
    pub(super) lab: Lab,
    pub(super) settled: Settled,
    pub(super) image: BakedImage,
    /// Whether nothing had to be baked for it.
    was_there: bool,
}

impl Baked {
    /// What guests are made of.
    pub(super) fn source(&self) -> Source {
        Source::Baked(self.image.clone())
    }
}

/// A lab with the baked image that fits it, if there is one.
pub(super) struct Found {
    pub(super) lab: Lab,
    pub(super) settled: Settled,
    pub(super) image: Option<BakedImage>,
    request: LaunchRequest,
}

/// Settles as many guests of the lab's own profiles, and looks for the image that fits.
pub(super) async fn find(count: usize, context: &Context) -> Result<Found, Failure> {
    let request = LaunchRequest { names: Vec::new(), count, profiles: Vec::new(), may_claim: false, only_looks: false };
    // Nobody changes it until it is settled.
    let (lab, _rest) = context.lab_at_rest().await?;
    let (settled, image) = context
        .unless_cancelled(async {
            let mut settled = lab::settle(&lab, &request).await?;
            let image = settled.baked(&lab)?;
            Ok((settled, image))
        })
        .await?;
    Ok(Found { lab, settled, image, request })
}

impl Found {
    /// The same with an image, which is baked where there is none. A builder that is there is waited for, or cleaned up
    /// after: nobody else looks for it as long as there is an image.
    pub(super) async fn baked(self, timeout: Duration, context: &Context) -> Result<Baked, Failure> {
        let Self { lab, settled, image: found, request } = self;
        let was_there = found.is_some();
        match found {
            Some(image) if !settled.has_builder => Ok(Baked { lab, settled, image, was_there }),
            _ => {
                let baked = bake(&lab, &settled, &request, timeout, context).await?;
                Ok(Baked { was_there, ..baked })
            }
        }
    }
}

/// Bakes the image that fits what was settled, and shows how it goes. That takes a while, in which the lab and its file may
/// have changed: what is to be made from the image is settled anew.
pub(super) async fn bake(
    lab: &Lab,
    settled: &Settled,
    request: &LaunchRequest,
    timeout: Duration,
    context: &Context,
) -> Result<Baked, Failure> {
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress.lane("bake"), context.cancel());
    drop(progress);
    let options = BakeOptions { timeout, runtime: &context.runtime_dir() };
    let outcome = lab::bake(lab, settled, options, &job).await;
    drop(job);
    watch.finish().await;
    outcome.map_err(|error| Failure::from(error).about("cannot bake an image".into()))?;
    let (lab, rest) = context.lab_at_rest().await?;
    let request = LaunchRequest { may_claim: false, ..request.clone() };
    let (settled, found) = context
        .unless_cancelled(async {
            let mut settled = lab::settle(&lab, &request).await?;
            let found = settled.baked(&lab)?;
            Ok((settled, found))
        })
        .await?;
    drop(rest);
    let image = found.ok_or(lab::Error::BakedGone)?;
    Ok(Baked { lab, settled, image, was_there: false })
}

async fn list(context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    lab.must_exist().await?;
    let images = image::list(&lab.client, lab.image_request()).await.map_err(lab::Error::from)?;
    if context.ui.json() {
        context
            .ui
            .say_json(&json!({ "lab": lab.settings.name, "images": images.iter().map(as_json).collect::<Vec<_>>() }))?;
    } else if images.is_empty() {
        context.ui.note("there are no images; `podclaw image build` makes them");
    } else {
        context
            .ui
            .table(&["kind", "digest", "size", "locked", "where", "description"], images.iter().map(row).collect());
    }
    Ok(DONE)
}

async fn delete(which: image::Which<'_>, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab_to_change().await?;
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let outcome = async {
        let deleted = image::delete(&lab.client, lab.image_request(), which, &job).await?;
        let gone: Vec<&str> = deleted.iter().map(|image| image.digest.hex()).collect();
        lab.forget_baked(&gone, &context.runtime_dir(), &job).await?;
        Ok::<_, lab::Error>(deleted)
    };
    let outcome = outcome.await;
    drop(job);
    watch.finish().await;
    let deleted = outcome?;
    if context.ui.json() {
        context.ui.say_json(&json!({ "deleted": deleted.iter().map(as_json).collect::<Vec<_>>() }))?;
    } else {
        for image in &deleted {
            context.ui.say(format!("deleted {} {}", kind(image.kind), text::excerpt(image.digest.hex(), 12)));
        }
    }
    Ok(DONE)
}

fn row(image: &Listed) -> Vec<String> {
    vec![
        kind(image.kind).into(),
        image.digest.hex().chars().take(12).collect(),
        words::mebibytes(image.size),
        if image.locked { "yes" } else { "no" }.into(),
        match &image.place {
            Place::Daemon => "daemon".into(),
            Place::Cache(_) => "cache".into(),
        },
        text::excerpt(&image.description, 60),
    ]
}

fn as_json(image: &Listed) -> serde_json::Value {
    json!({
        "kind": kind(image.kind),
        "digest": image.digest.hex(),
        "size": image.size,
        "locked": image.locked,
        "path": match &image.place { Place::Daemon => None, Place::Cache(path) => Some(path) },
        "description": image.description,
    })
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Base => "base",
        Kind::Gateway => "gateway",
        Kind::Baked => "baked",
    }
}
