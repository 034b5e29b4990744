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
use crate::lab::{self, ClaimMode, Claims, Lab, LaunchOptions, LaunchRequest, Launched, Prepared, Source};
use crate::names::GuestName;
use crate::progress::Progress;

/// How many guests are launched side by side.
const AT_ONCE: usize = 8;

/// What `launch` takes.
///
/// Without a name, with the lab's own profiles and without --cold, guests that stand by (`podclaw pool`) are claimed first,
/// and only those that are missing are launched. A guest that runs can't get another name, so with a name none is claimed.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct LaunchArgs {
    /// The guest's name; with --count, what the guests' names start with [default: claw-N, the next free ones, or those of
    /// guests that stand by]
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
    /// Run every stage in the guest, in place of starting from the baked image
    #[arg(long)]
    cold: bool,
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
    let may_claim = args.name.is_none() && args.profiles.is_empty() && !args.cold;
    let request = LaunchRequest {
        names: names(&args)?,
        count: args.count.into(),
        profiles: args.profiles,
        may_claim,
        only_looks: args.dry_run,
    };
    // Nothing is made before everything is settled, so there is nothing to clean up when Ctrl-C comes in it.
    let (lab, rest) = if args.dry_run {
        (context.unless_cancelled(context.lab()).await?, None)
    } else {
        // What is half changed just now is no reason to refuse.
        let (lab, rest) = context.lab_at_rest().await?;
        (lab, Some(rest))
    };
    let (settled, baked) = context
        .unless_cancelled(async {
            let mut settled = lab::settle(&lab, &request).await?;
            let baked = if args.cold { None } else { settled.baked(&lab)? };
            Ok((settled, baked))
        })
        .await?;
    // As long as nobody changes what was settled. Where there is no baked image yet, nothing can have been made from it.
    let claims = match &baked {
        Some(baked) if may_claim => {
            let mode = if args.dry_run { ClaimMode::DryRun } else { ClaimMode::Claim };
            let job = Job::new(Progress::silent(), context.cancel());
            lab::claim(&lab, &settled, baked, request.count, mode, &job).await?
        }
        _ => Claims::default(),
    };
    drop(rest);
    let (mut lab, mut settled) = (lab, settled);
    let mut anew = None;
    let source = match baked {
        _ if args.cold => Source::Cold,
        // It runs on otherwise, and takes up room: nobody else looks for it as long as there is an image.
        Some(_) if settled.has_builder && !args.dry_run && claims.claimed.is_empty() => {
            context.ui.note("waiting for a bake that runs, or cleaning up after one that was killed");
            let made = super::image::bake(&lab, &settled, &request, args.timeout, context).await?;
            anew.insert(made).source()
        }
        Some(baked) => Source::Baked(baked),
        None if args.dry_run => {
            context.ui.note("an image would be baked first, of this guest; what is asked for is made from it");
            return dry_run(&[settled.builder(&lab)?], &[], context);
        }
        None => {
            context.ui.note("there is no baked image for this podclaw.lock yet: making it, once");
            let made = super::image::bake(&lab, &settled, &request, args.timeout, context).await?;
            anew.insert(made).source()
        }
    };
    if let Some(made) = anew {
        (lab, settled) = (made.lab, made.settled);
    }
    for (name, why) in &claims.passed_over {
        context.ui.note(format!("{name} stands by and is not claimed: {why} (`podclaw pool` replaces what is stale)"));
    }
    let mut prepared = settled.prepare(&lab, &source)?;
    prepared.truncate(prepared.len().saturating_sub(claims.claimed.len()));
    if args.dry_run {
        return dry_run(&prepared, &claims.claimed, context);
    }
    let options = LaunchOptions { timeout: args.timeout, keep_failed: args.keep_failed };
    let (done, failures) = launch_all(&lab, &prepared, options, context).await;
    let mut launched = claims.claimed;
    for claimed in &launched {
        context.ui.note(format!("{} stood by, and is claimed", claimed.name));
    }
    launched.extend(done);
    show(&lab, &launched, &failures, args.timings, context)?;
    super::all_or_last(failures, &context.ui, DONE)
}

/// Launches guests side by side, and shows how it goes.
pub(super) async fn launch_all(
    lab: &Lab,
    prepared: &[Prepared],
    options: LaunchOptions,
    context: &Context,
) -> (Vec<Launched>, Vec<Failure>) {
    let (progress, watch) = context.ui.watch();
    let cancel = context.cancel();
    let alone = prepared.len() == 1;
    let jobs = prepared.iter().map(|prepared| {
        let progress = if alone { progress.clone() } else { progress.lane(prepared.name.as_str()) };
        (prepared, Job::new(progress, cancel.clone()))
    });
    let jobs: Vec<_> = jobs.collect();
    drop(progress);
    let outcomes: Vec<_> = stream::iter(jobs)
        .map(|(prepared, job)| async move {
            let about = |error| Failure::from(error).about(format!("cannot launch {}", prepared.name));
            lab::launch(lab, prepared, options, &job).await.map_err(about)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    watch.finish().await;
    let (mut launched, mut failures) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(done) => launched.push(done),
            Err(failure) => failures.push(failure),
        }
    }
    (launched, failures)
}

fn show(
    lab: &Lab,
    launched: &[Launched],
    failures: &[Failure],
    timings: bool,
    context: &Context,
) -> Result<(), Failure> {
    if context.ui.json() {
        let failed = super::told(failures);
        return Ok(context
            .ui
            .say_json(&json!({ "lab": lab.settings.name, "launched": launched, "failed": failed }))?);
    }
    match launched {
        [one] => show_box(&one.guest, &context.ui),
        many => {
            let row = |one: &Launched| {
                let address = one.addresses.first().map_or_else(|| "-".into(), ToString::to_string);
                let took = match one.receipt.claimed {
                    Some(_) => "claimed".into(),
                    None => super::words::seconds(one.receipt.millis),
                };
                vec![one.name.to_string(), address, took]
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

fn dry_run(prepared: &[Prepared], claims: &[Launched], context: &Context) -> Result<u8, Failure> {
    for one in claims {
        context.ui.note(format!("{} stands by and would be claimed", one.name));
    }
    if context.ui.json() {
        let requests: Vec<_> =
            prepared.iter().map(|one| json!({ "name": one.name, "instance": one.instance })).collect();
        let claims: Vec<_> = claims.iter().map(|one| &one.name).collect();
        context.ui.say_json(&json!({ "dry_run": true, "claims": claims, "requests": requests }))?;
        return Ok(DONE);
    }
    for one in prepared {
        context.ui.say(format!("# POST /1.0/instances, for {}", one.name));
        context.ui.say(serde_json::to_string_pretty(&one.instance).map_err(anyhow::Error::from)?);
        if let Some(user_data) = one.user_data() {
            context.ui.say(format!("\n# cloud-init.user-data of {}, as text", one.name));
            context.ui.say(user_data);
        }
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
