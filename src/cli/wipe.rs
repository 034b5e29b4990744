//! `podclaw wipe`.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, FINDINGS, Failure};
use crate::incus::Job;
use crate::lab::{self, Fate, Lab, LabLock, WipePlan, Work};
use crate::names::LabName;
use crate::text;
use crate::ui::{BAD, CAUTION, Ui};

/// What `wipe` takes.
#[derive(Debug, Args)]
pub(crate) struct WipeArgs {
    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; LAB must be the lab's name
    #[arg(long, value_name = "LAB")]
    yes: Option<LabName>,
}

pub(crate) async fn run(args: WipeArgs, context: &Context) -> Result<u8, Failure> {
    let settings = context.settings()?;
    if args.yes.as_ref().is_some_and(|yes| *yes != settings.name) {
        return Err(Failure::usage(
            format!("--yes does not name the lab {}", settings.name),
            format!("to wipe it without being asked: podclaw wipe --yes {}", settings.name),
        ));
    }
    let name = &settings.name.clone();
    let lab = context.unless_cancelled(context.connect(settings)).await?;
    // Whoever has to be asked may take long, and nobody is to wait for that; who has not, sees what the one before left.
    let early = if args.yes.is_some() && !args.dry_run { Some(lock(lab.clone(), context).await?) } else { None };
    let plan = context.unless_cancelled(async { Ok(lab.wipe_plan().await?) }).await?;
    if !context.ui.json() {
        show(&plan, &context.ui);
    }
    let doomed = plan.steps.iter().filter(|step| step.fate == Fate::Delete).count();
    if args.dry_run || doomed == 0 {
        if context.ui.json() {
            context.ui.say_json(&json!({ "lab": name, "dry_run": args.dry_run, "plan": plan.steps }))?;
        } else if doomed == 0 {
            context.ui.say(format!("there is nothing of the lab {name} to wipe"));
        } else {
            context.ui.say(format!("{doomed} objects would be deleted"));
        }
        let blocked = doomed == 0 && !plan.is_empty();
        return Ok(if blocked { FINDINGS } else { DONE });
    }
    let question = format!("{doomed} objects will be deleted for good. Type the lab's name to go on:");
    if args.yes.is_none() && !typed(question, name, context).await? {
        return Err(Failure::usage(
            "nothing was wiped: the lab's name was not typed",
            format!("without a terminal: podclaw wipe --yes {name}"),
        ));
    }
    let lock = match early {
        Some(lock) => lock,
        None => lock(lab, context).await?,
    };
    let (progress, watch) = context.ui.watch();
    let outcome = lab::wipe(&lock, &plan, &Job::new(progress, context.cancel())).await;
    watch.finish().await;
    let left = outcome?;
    // What would run for a lab that is gone, every minute.
    match super::timer::remove(name, None) {
        Ok(false) => {}
        Ok(true) => context.ui.note(format!("the timer of `podclaw pool` for the lab {name} is removed")),
        Err(error) => context.ui.warn(error.message()),
    }
    if context.ui.json() {
        context.ui.say_json(&json!({ "lab": name, "dry_run": false, "plan": plan.steps, "left": left.steps }))?;
    } else if left.is_empty() {
        context.ui.say(format!("the lab {name} is gone: {doomed} objects deleted, nothing is left"));
    } else {
        context.ui.say(format!("{BAD}left{BAD:#} of the lab {name}, or in its way:"));
        show(&left, &context.ui);
    }
    Ok(if left.is_empty() { DONE } else { FINDINGS })
}

/// What helps when all else hangs does not wait for what hangs.
async fn lock(lab: Lab, context: &Context) -> Result<LabLock, Failure> {
    let lock = context.lock_of(lab, Work::Wipe).await?;
    if let Some(lacks) = lock.lacks() {
        context.ui.warn(format!("{lacks}; it is wiped all the same ({})", lacks.help()));
    }
    Ok(lock)
}

/// Asks for the lab's name. On a thread of its own, because Ctrl-C does not end the reading of a line, but the wait for
/// that thread.
async fn typed(question: String, name: &LabName, context: &Context) -> Result<bool, Failure> {
    let (ui, expected) = (context.ui.clone(), name.to_string());
    let asking = tokio::task::spawn_blocking(move || ui.asks_for(&question, &expected));
    context.unless_cancelled(async { Ok(asking.await.map_err(anyhow::Error::from)??) }).await
}

fn show(plan: &WipePlan, ui: &Ui) {
    for step in &plan.steps {
        let object = format!("{:14} {}", step.kind, text::excerpt(&step.name, 64));
        match step.fate {
            Fate::Delete => ui.say(format!("{BAD}-{BAD:#} {object}")),
            Fate::Keep(reason) => ui.say(format!("{CAUTION}!{CAUTION:#} {object} stays: {reason}")),
        }
    }
}
