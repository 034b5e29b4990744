//! `podclaw init`.

use clap::Args;

use super::context::Context;
use super::failure::{COULD_NOT, DONE, Failure};
use crate::incus::Job;
use crate::lab::{self, Change, Plan, PoolDriver};
use crate::lab_file::EgressMode;
use crate::text;
use crate::ui::{CAUTION, FAINT, GOOD};

/// What `init` takes.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Only look the names of `network.egress` up again, and put the ACL right; make nothing
    #[arg(long, conflicts_with = "dry_run")]
    refresh_names: bool,
}

pub(crate) async fn run(args: InitArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.unless_cancelled(context.lab()).await?;
    if lab.settings.pool.driver == PoolDriver::Dir {
        context
            .ui
            .warn("a pool of the driver dir copies the whole image for each guest, and may not limit their disks");
    }
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let outcome = if args.refresh_names {
        lab::refresh_names(&lab, &job).await
    } else {
        lab::init(&lab, args.dry_run, &job).await
    };
    drop(job);
    watch.finish().await;
    let plan = outcome?;
    for note in &plan.notes {
        context.ui.warn(note);
    }
    if context.ui.json() {
        context.ui.say_json(&plan)?;
    } else {
        show(&plan, context);
        context.ui.say(verdict(&plan, args.dry_run, lab.settings.name.as_str()));
    }
    // What runs this again and again is to notice that it could not do all of it.
    Ok(if args.refresh_names && !plan.notes.is_empty() { COULD_NOT } else { DONE })
}

fn show(plan: &Plan, context: &Context) {
    for step in &plan.steps {
        let sign = match &step.change {
            Change::Create => format!("{GOOD}+{GOOD:#}"),
            Change::Keep => format!("{FAINT}={FAINT:#}"),
            Change::Update(_) => format!("{CAUTION}~{CAUTION:#}"),
        };
        context.ui.say(format!("{sign} {:12} {}", step.kind, text::excerpt(&step.name, 64)));
        if let Change::Update(differences) = &step.change {
            for difference in differences {
                context.ui.say(format!("    {difference}"));
            }
        }
    }
    if let Some(egress) = &plan.egress {
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
}

fn verdict(plan: &Plan, dry_run: bool, lab: &str) -> String {
    let changes = plan.steps.iter().filter(|step| step.change != Change::Keep).count();
    match (changes, dry_run) {
        (0, _) => format!("the lab {lab} is as it has to be"),
        (n, true) => format!("{n} of {} objects would be made or changed", plan.steps.len()),
        (n, false) => format!("the lab {lab} is ready: {n} of {} objects made or changed", plan.steps.len()),
    }
}
