//! `podclaw init`.

use std::fmt::Write as _;

use clap::Args;

use super::context::Context;
use super::failure::{COULD_NOT, DONE, FINDINGS, Failure};
use super::plan;
use crate::incus::Job;
use crate::lab::{self, InitMode, Lab, Plan, PoolDriver, Work};
use crate::lab_file::EgressMode;
use crate::names::LabName;

/// What `init` takes.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Also do what running guests feel: move their network, plug their cards anew, limit them below what they use
    #[arg(long)]
    disrupt: bool,
    /// Only look the names of `network.egress` up again, and put the firewall right; make nothing
    #[arg(long, conflicts_with_all = ["dry_run", "disrupt"])]
    refresh_names: bool,
}

pub(crate) async fn run(args: InitArgs, context: &Context) -> Result<u8, Failure> {
    let (plan, name) = if args.dry_run {
        let lab = context.unless_cancelled(context.lab()).await?;
        warn_of_pool(&lab, context);
        (context.unless_cancelled(async { Ok(lab::plan_init(&lab).await?) }).await?, lab.settings.name)
    } else {
        carry_out(&args, context).await?
    };
    for note in &plan.notes {
        context.ui.warn(note);
    }
    if context.ui.json() {
        context.ui.say_json(&plan)?;
    } else {
        for line in plan::lines(&plan, args.dry_run) {
            context.ui.say(line);
        }
        show_egress(&plan, context);
        context.ui.say(context.ui.hint(&verdict(&plan, args.dry_run, name.as_str())));
    }
    // What runs this again and again is to notice that it could not do all of it.
    let lacks = plan.has_unseen() || (args.refresh_names && !plan.notes.is_empty());
    Ok(match plan.held().next() {
        _ if args.dry_run => DONE,
        _ if lacks => COULD_NOT,
        Some(_) => FINDINGS,
        None => DONE,
    })
}

async fn carry_out(args: &InitArgs, context: &Context) -> Result<(Plan, LabName), Failure> {
    let lock = context.lock(if args.refresh_names { Work::RefreshNames } else { Work::Init }).await?;
    warn_of_pool(lock.lab(), context);
    let mode = if args.disrupt { InitMode::Disrupt } else { InitMode::Gentle };
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let outcome =
        if args.refresh_names { lab::refresh_names(&lock, &job).await } else { lab::init(&lock, mode, &job).await };
    drop(job);
    watch.finish().await;
    Ok((outcome?, lock.lab().settings.name.clone()))
}

fn warn_of_pool(lab: &Lab, context: &Context) {
    if lab.settings.pool.driver == PoolDriver::Dir {
        context
            .ui
            .warn("a pool of the driver dir copies the whole image for each guest, and may not limit their disks");
    }
}

fn show_egress(plan: &Plan, context: &Context) {
    let Some(egress) = &plan.egress else { return };
    let what = match egress.mode {
        EgressMode::Open => "the public internet",
        EgressMode::Allowlist => "what the lab file allows, and nothing else",
        EgressMode::Sealed => "nothing",
    };
    context.ui.say(format!("guests reach {what} ({})", egress.mode.as_str()));
    for opened in &egress.allow {
        context.ui.say(format!("    {opened}"));
    }
}

fn verdict(plan: &Plan, dry_run: bool, lab: &str) -> String {
    let (changes, objects, held) = (plan.changes(), plan.objects(), plan.held().count());
    if plan.is_empty() {
        return format!("the lab {lab} is as it has to be");
    }
    let mut said = match (dry_run, held == 0) {
        (true, _) => format!("{changes} of {objects} objects would be made or changed"),
        (false, true) => format!("the lab {lab} is ready: {changes} of {objects} objects made or changed"),
        (false, false) => {
            format!("the lab {lab} is not as it has to be: {changes} of {objects} objects made or changed")
        }
    };
    if held > 0 {
        let _ = write!(said, ", {held} held back");
        if plan.held().any(|(_, held)| held.can_disrupt) {
            said += "; `podclaw init --disrupt` does it now, or stop the guests first";
        }
    }
    if plan.has_unseen() {
        said += "; what could not be seen needs root: `sudo podclaw init`";
    }
    said
}
