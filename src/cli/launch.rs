//! `podclaw launch`.

use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::context::Context;
use super::duration;
use super::failure::{DONE, Failure};
use super::info::show_box;
use super::timings;
use crate::incus::Job;
use crate::lab::{self, Lab, LaunchOptions, LaunchRequest, Launched, Prepared};
use crate::names::GuestName;
use crate::progress::Progress;

/// How many guests are launched side by side.
const AT_ONCE: usize = 8;

/// What `launch` takes.
#[derive(Debug, Args)]
pub(crate) struct LaunchArgs {
    /// The guest's name; with --count, what the guests' names start with [default: claw-N, the next free ones]
    name: Option<GuestName>,
    /// How many guests to launch at once
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=500))]
    count: u16,
    /// The guest's profiles, in order [default: those of the lab file, else guest and standard]
    #[arg(short, long = "profile", value_name = "PROFILE")]
    profiles: Vec<String>,
    /// Print what would be sent to the daemon, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Stop a guest that fails and keep it, in place of removing it
    #[arg(long)]
    keep_failed: bool,
    /// Show where the time went: phases, requests to the daemon, and who was waited for
    #[arg(long)]
    timings: bool,
    /// How long each launch may take, such as 90s or 10m
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    timeout: Duration,
}

pub(crate) async fn run(args: LaunchArgs, context: &Context) -> Result<u8, Failure> {
    let request = LaunchRequest { names: names(&args)?, count: args.count.into(), profiles: args.profiles };
    // Nothing is made before everything is settled, so there is nothing to clean up when Ctrl-C comes in it.
    let (lab, prepared) = context
        .unless_cancelled(async {
            let lab = context.lab().await?;
            let prepared = lab::prepare(&lab, &request).await?;
            Ok((lab, prepared))
        })
        .await?;
    if args.dry_run {
        return dry_run(&prepared, context);
    }
    let options = LaunchOptions { timeout: args.timeout, keep_failed: args.keep_failed };
    let (progress, watch) = context.ui.watch();
    let outcomes = launch_all(&lab, &prepared, options, progress, context).await;
    watch.finish().await;

    let (mut launched, mut failures) = (Vec::new(), Vec::new());
    for (prepared, outcome) in prepared.iter().zip(outcomes) {
        match outcome {
            Ok(done) => launched.push(done),
            Err(error) => failures.push(Failure::from(error).about(format!("cannot launch {}", prepared.name))),
        }
    }
    show(&lab, &launched, args.timings, context)?;
    super::all_or_last(failures, &context.ui, DONE)
}

async fn launch_all(
    lab: &Lab,
    prepared: &[Prepared],
    options: LaunchOptions,
    progress: Progress,
    context: &Context,
) -> Vec<lab::Result<Launched>> {
    let cancel = context.cancel();
    let alone = prepared.len() == 1;
    let jobs = prepared.iter().map(|prepared| {
        let progress = if alone { progress.clone() } else { progress.lane(prepared.name.as_str()) };
        (prepared, Job::new(progress, cancel.clone()))
    });
    let jobs: Vec<_> = jobs.collect();
    drop(progress);
    stream::iter(jobs)
        .map(|(prepared, job)| async move { lab::launch(lab, prepared, options, &job).await })
        .buffered(AT_ONCE)
        .collect()
        .await
}

fn show(lab: &Lab, launched: &[Launched], timings: bool, context: &Context) -> Result<(), Failure> {
    if context.ui.json() {
        return Ok(context.ui.say_json(&json!({ "lab": lab.settings.name, "launched": launched }))?);
    }
    match launched {
        [one] => show_box(&one.guest, &context.ui),
        many => {
            let row = |one: &Launched| {
                let address = one.addresses.first().map_or_else(|| "-".into(), ToString::to_string);
                vec![one.name.to_string(), address, super::words::seconds(one.receipt.millis)]
            };
            if !many.is_empty() {
                context.ui.table(&["name", "address", "took"], many.iter().map(row).collect());
            }
        }
    }
    if timings {
        for one in launched {
            timings::show(one, launched.len() > 1, &context.ui);
        }
    }
    Ok(())
}

fn dry_run(prepared: &[Prepared], context: &Context) -> Result<u8, Failure> {
    if context.ui.json() {
        let requests: Vec<_> =
            prepared.iter().map(|one| json!({ "name": one.name, "instance": one.instance })).collect();
        context.ui.say_json(&json!({ "dry_run": true, "requests": requests }))?;
        return Ok(DONE);
    }
    for one in prepared {
        context.ui.say(format!("# POST /1.0/instances, for {}", one.name));
        context.ui.say(serde_json::to_string_pretty(&one.instance).map_err(anyhow::Error::from)?);
        context.ui.say(format!("\n# cloud-init.user-data of {}, as text", one.name));
        context.ui.say(one.user_data());
    }
    Ok(DONE)
}

fn names(args: &LaunchArgs) -> Result<Vec<GuestName>, Failure> {
    match (&args.name, args.count) {
        (None, _) => Ok(Vec::new()),
        (Some(name), 1) => Ok(vec![name.clone()]),
        (Some(name), count) => (1..=count)
            .map(|number| format!("{name}-{number}").parse())
            .collect::<Result<_, crate::names::InvalidName>>()
            .map_err(|error| {
                Failure::usage(error.to_string(), "take a shorter name: each guest's number is added to it")
            }),
    }
}
