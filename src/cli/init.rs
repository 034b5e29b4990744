//! `podclaw init`.

use clap::Args;

use super::context::Context;
use super::failure::{DONE, Failure};
use crate::incus::Job;
use crate::lab::{self, Change, Plan, PoolDriver};
use crate::text;
use crate::ui::{CAUTION, FAINT, GOOD};

/// What `init` takes.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(args: InitArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.unless_cancelled(context.lab()).await?;
    if lab.settings.pool.driver == PoolDriver::Dir {
        context
            .ui
            .warn("a pool of the driver dir copies the whole image for each guest, and may not limit their disks");
    }
    let (progress, watch) = context.ui.watch();
    let outcome = lab::init(&lab, args.dry_run, &Job::new(progress, context.cancel())).await;
    watch.finish().await;
    let plan = outcome?;
    if context.ui.json() {
        context.ui.say_json(&plan)?;
    } else {
        show(&plan, context);
        context.ui.say(verdict(&plan, args.dry_run, lab.settings.name.as_str()));
    }
    Ok(DONE)
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
}

fn verdict(plan: &Plan, dry_run: bool, lab: &str) -> String {
    let changes = plan.steps.iter().filter(|step| step.change != Change::Keep).count();
    match (changes, dry_run) {
        (0, _) => format!("the lab {lab} is as it has to be"),
        (n, true) => format!("{n} of {} objects would be made or changed", plan.steps.len()),
        (n, false) => format!("the lab {lab} is ready: {n} of {} objects made or changed", plan.steps.len()),
    }
}
