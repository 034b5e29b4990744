//! `podclaw image`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use super::words;
use crate::image::{self, GatewayImage, Kind, Listed, Place};
use crate::incus::Job;
use crate::lab;
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
    let gateway = match &images.gateway {
        GatewayImage::Archive(archive) => archive.digest.to_string(),
        GatewayImage::Registry(reference) => reference.to_string(),
    };
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
    let outcome = image::delete(&lab.client, lab.image_request(), which, &job).await;
    drop(job);
    watch.finish().await;
    let deleted = outcome.map_err(lab::Error::from)?;
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
    }
}
