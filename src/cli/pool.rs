//! `podclaw pool`.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::duration;
use super::failure::{DONE, Failure};
use super::launch::launch_all;
use crate::incus::Job;
use crate::lab::{self, Lab, LaunchOptions, MOST_STANDBY, StandbyTurn, Standing, Tidied, Work};

/// What `pool` takes.
///
/// Guests that stand by are launched and proven like any other, and wait until `podclaw launch` claims them. What is no
/// longer what a launch would make is removed and replaced.
#[derive(Debug, Args)]
pub(crate) struct PoolArgs {
    /// How many guests stand by from now on; 0 deletes those that do [default: as many as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=i64::from(MOST_STANDBY)))]
    standby: Option<u16>,
    /// How long each launch may take, such as 90s or 10m
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    timeout: Duration,
}

pub(crate) async fn run(args: PoolArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab_to_change().await?;
    if let Some(count) = args.standby {
        // `init` writes the whole project, and must not put back what was read before.
        let lock = context.lock(Work::Pool).await?;
        lock.lab().set_standby(count).await?;
    }
    let (progress, watch) = context.ui.watch();
    let turn = StandbyTurn::take(&lab, &context.runtime_dir(), &Job::new(progress, context.cancel())).await;
    watch.finish().await;
    let turn = turn?;
    // Read only now: another `pool` may have said something else while its end was waited for.
    let most = lab.standby().await?;
    let (lab, made_of) = match most {
        0 => (lab, None),
        most => {
            let baked = super::image::baked(most.into(), args.timeout, context).await?;
            (baked.lab, Some((baked.settled, baked.image)))
        }
    };

    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let made_of = made_of.as_ref().map(|(settled, baked)| (settled, baked));
    let tidied = lab::tidy(&lab, made_of, most.into(), &turn, &job).await;
    drop(job);
    watch.finish().await;
    let mut tidied = tidied?;

    let missing = usize::from(most).saturating_sub(tidied.standing.len());
    let (mut launched, mut failures) = (Vec::new(), Vec::new());
    match (made_of, &tidied.failed) {
        (Some(_), Some(failed)) if missing > 0 => failures.push(lab::Error::FailedKept(failed.clone()).into()),
        (Some((settled, baked)), _) => {
            let prepared = settled.standby(&lab, baked, missing)?;
            let options = LaunchOptions { timeout: args.timeout, keep_failed: false };
            let (done, failed) = launch_all(&lab, &prepared, options, context).await;
            for one in done {
                tidied.standing.push(Standing { name: one.name.clone(), proven: one.receipt.finished });
                launched.push(one.name);
            }
            failures.extend(failed);
        }
        (None, _) => {}
    }
    show(&lab, most, &tidied, &launched, context)?;
    super::all_or_last(failures, &context.ui, DONE)
}

fn show(
    lab: &Lab,
    most: u16,
    tidied: &Tidied,
    launched: &[crate::names::GuestName],
    context: &Context,
) -> Result<(), Failure> {
    if context.ui.json() {
        let (standing, removed) = (&tidied.standing, &tidied.removed);
        return Ok(context.ui.say_json(&json!({
            "lab": lab.settings.name, "standby": most, "guests": standing, "launched": launched, "removed": removed,
        }))?);
    }
    if tidied.standing.is_empty() {
        context.ui.note(match most {
            0 => "no guest stands by; `podclaw pool --standby N` launches some".to_owned(),
            most => format!("no guest stands by, and {most} are to"),
        });
        return Ok(());
    }
    let row = |one: &Standing| vec![one.name.to_string(), format!("{:.0}", one.proven)];
    context.ui.table(&["name", "proven"], tidied.standing.iter().map(row).collect());
    Ok(())
}
