//! `podclaw pool`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use super::launch::launch_all;
use super::{duration, words};
use crate::image::BakedImage;
use crate::incus::Job;
use crate::lab::{
    self, Failures, Lab, LaunchOptions, MOST_STANDBY, Settled, Standby, StandbyError, StandbyTurn, Standing, Tidied,
    Work,
};
use crate::names::GuestName;

/// What `pool` takes.
///
/// Guests that stand by are launched and proven like any other, and wait until `podclaw launch` claims them. What is no
/// longer what a launch would make is removed and replaced. After launches that failed it waits before it launches more,
/// twice as long each time; with --standby it does not.
#[derive(Debug, Args)]
pub(crate) struct PoolArgs {
    /// How many guests stand by from now on; 0 deletes those that do [default: as many as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=i64::from(MOST_STANDBY)))]
    standby: Option<u16>,
    /// How long each launch may take, such as 90s or 10m
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    timeout: Duration,
    /// Have systemd run `podclaw pool` for this lab every minute, so that what was claimed is replaced
    #[arg(long, conflicts_with_all = ["standby", "remove_timer"])]
    install_timer: bool,
    /// Take that timer away
    #[arg(long, conflicts_with = "standby")]
    remove_timer: bool,
    /// Where the timer's units are, in place of systemd's own directory; systemd is told nothing then
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    unit_dir: Option<PathBuf>,
}

pub(crate) async fn run(args: PoolArgs, context: &Context) -> Result<u8, Failure> {
    if args.remove_timer {
        // There need be no lab any more.
        let name = context.settings()?.name;
        let is_gone = super::timer::remove(&name, args.unit_dir)?;
        context.ui.say(if is_gone { "the timer is removed" } else { "there is no timer for this lab" });
        return Ok(DONE);
    }
    let lab = context.lab_to_change().await?;
    if args.install_timer {
        super::timer::install(&lab, args.unit_dir, context)?;
        return Ok(DONE);
    }
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
    let standby = lab.standby().await?;
    let held = standby.failures.clone().filter(|failures| failures.hold(Timestamp::now()));
    let (lab, made_of) = match made_of(lab, &standby, held.is_some(), args.timeout, context).await {
        Ok(made_of) => made_of,
        Err(failure) => return Err(noted(failure, &standby, context).await),
    };

    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let tidied = match &made_of {
        // There is nothing to compare with, and without an image nobody claims.
        None if standby.count > 0 => Ok(Tidied::default()),
        made_of => {
            let made_of = made_of.as_ref().map(|(settled, baked)| (settled, baked));
            lab::tidy(&lab, made_of, standby.count.into(), &turn, &job).await
        }
    };
    drop(job);
    watch.finish().await;
    let mut tidied = tidied?;

    let missing = usize::from(standby.count).saturating_sub(tidied.standing.len());
    let (mut launched, mut failures) = (Vec::new(), Vec::new());
    match (made_of, &tidied.failed, held) {
        (_, Some(kept), _) if missing > 0 => failures.push(lab::Error::from(StandbyError::Kept(kept.clone())).into()),
        (_, None, Some(held)) if missing > 0 => failures.push(lab::Error::from(StandbyError::TooEarly(held)).into()),
        (Some((settled, baked)), _, _) => {
            let prepared = settled.standby(&lab, &baked, missing)?;
            let options = LaunchOptions { timeout: args.timeout, keep_failed: false };
            let (done, failed) = launch_all(&lab, &prepared, options, context).await;
            for one in done {
                tidied.standing.push(Standing { name: one.name.clone(), proven: one.receipt.finished });
                launched.push(one.name);
            }
            note(failed.first(), &standby, context).await;
            failures.extend(failed);
        }
        (None, ..) => {}
    }
    show(&lab, &tidied, &launched, context).await?;
    super::all_or_last(failures, &context.ui, DONE)
}

/// What guests that stand by are made of now; nothing where none is to, or where there is no image and it is too early to
/// try to bake one again.
async fn made_of(
    lab: Lab,
    standby: &Standby,
    is_held: bool,
    timeout: Duration,
    context: &Context,
) -> Result<(Lab, Option<(Settled, BakedImage)>), Attempt> {
    if standby.count == 0 {
        return Ok((lab, None));
    }
    let found = super::image::find(standby.count.into(), context).await.map_err(Attempt::Refused)?;
    if is_held {
        return Ok((found.lab, found.image.map(|image| (found.settled, image))));
    }
    let baked = found.baked(timeout, context).await.map_err(Attempt::Failed)?;
    Ok((baked.lab, Some((baked.settled, baked.image))))
}

/// Why there is nothing that guests are made of.
enum Attempt {
    /// Nothing was tried, so that it costs nothing to be asked again.
    Refused(Failure),
    /// An image could not be baked.
    Failed(Failure),
}

/// The failure of an attempt, once it is written down.
async fn noted(attempt: Attempt, standby: &Standby, context: &Context) -> Failure {
    match attempt {
        Attempt::Refused(failure) => failure,
        Attempt::Failed(failure) => {
            note(Some(&failure), standby, context).await;
            failure
        }
    }
}

/// Writes down how an attempt went. An interruption says nothing of the next one.
async fn note(failure: Option<&Failure>, standby: &Standby, context: &Context) {
    if context.cancel().is_cancelled() || (failure.is_none() && standby.failures.is_none()) {
        return;
    }
    let before = standby.failures.as_ref();
    let failures = failure.map(|failure| Failures::one_more(before, Timestamp::now(), &failure.message()));
    let written = async {
        // `init` writes the whole project, and must not put back what was read before.
        let lock = context.lock(Work::Pool).await?;
        Ok::<_, Failure>(lock.lab().note_standby(failures).await?)
    };
    if let Err(error) = written.await {
        context.ui.warn(format!("how it went can't be written on the lab's project: {}", error.message()));
    }
}

async fn show(lab: &Lab, tidied: &Tidied, launched: &[GuestName], context: &Context) -> Result<(), Failure> {
    // As it is now, with what was written down of this attempt.
    let Standby { count, failures } = lab.standby().await?;
    if context.ui.json() {
        let (standing, removed) = (&tidied.standing, &tidied.removed);
        return Ok(context.ui.say_json(&json!({
            "lab": lab.settings.name, "standby": count, "guests": standing, "launched": launched, "removed": removed,
            "failures": failures.as_ref().map(words::failures),
        }))?);
    }
    if let Some(failures) = failures.filter(|failures| failures.hold(Timestamp::now())) {
        context.ui.note(format!("the next attempt to launch some is made after {:.0}: {failures}", failures.next()));
    }
    if tidied.standing.is_empty() {
        context.ui.note(match count {
            0 => "no guest stands by; `podclaw pool --standby N` launches some".to_owned(),
            count => format!("no guest stands by, and {count} are to"),
        });
        return Ok(());
    }
    let row = |one: &Standing| vec![one.name.to_string(), format!("{:.0}", one.proven)];
    context.ui.table(&["name", "proven"], tidied.standing.iter().map(row).collect());
    Ok(())
}
