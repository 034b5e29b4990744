//! `podclaw wipe`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, FINDINGS, Failure};
use super::words;
use crate::incus::Job;
use crate::lab::{
    self, CutBy, Evidence, Fate, InitMode, Lab, LabLock, Level, Quarantined, Residue, Revocation, Spare, WipePlan,
    WipeScope, Work,
};
use crate::names::LabName;
use crate::text;
use crate::ui::{BAD, CAUTION, FAINT, Ui};

/// What `wipe` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The guests are killed and deleted side by side, whatever state they are in, also those that are made \
                        meanwhile. What does not carry the lab's mark is never touched, and named. Run it again at any time: \
                        it goes on from what is there. Exit code 1: something is left, and named."
)]
pub(crate) struct WipeArgs {
    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; LAB must be the lab's name
    #[arg(long, value_name = "LAB")]
    yes: Option<LabName>,
    /// How far it goes
    #[arg(long, value_name = "LEVEL", default_value = "pool")]
    level: LevelArg,
    /// Spare this, with what holds it; can be given more than once
    #[arg(long, value_name = "WHAT")]
    keep: Vec<KeepArg>,
    /// Before anything else, and before asking, cut every guest off and freeze it; they stay so if the name is not typed
    #[arg(long)]
    quarantine: bool,
    /// Quarantine the guests, and export them with their logs and receipts to DIR, which must not be there, before anything is
    /// deleted; where not all of it can be kept, nothing is
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
    /// Make the lab anew afterwards
    #[arg(long)]
    reset: bool,
}

/// What is deleted.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LevelArg {
    /// Guests, with their snapshots and backups
    Guests,
    /// Project, profiles, images, volumes, network, ACL and firewall table, too
    Lab,
    /// The storage pool, too
    Pool,
}

/// What is spared.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KeepArg {
    /// Images, so that the next launch need not build or bring them in
    Images,
    /// The daemon's logs of guests, with what they wrote to their consoles
    Logs,
}

impl WipeArgs {
    fn scope(&self) -> WipeScope {
        let level = match self.level {
            LevelArg::Guests => Level::Guests,
            LevelArg::Lab => Level::Lab,
            LevelArg::Pool => Level::Pool,
        };
        let keep = self.keep.iter().map(|what| match what {
            KeepArg::Images => Spare::Images,
            KeepArg::Logs => Spare::Logs,
        });
        WipeScope { level, keep: keep.collect() }
    }

    /// What it does besides printing.
    fn changes(&self) -> bool {
        !self.dry_run
    }
}

pub(crate) async fn run(args: WipeArgs, context: &Context) -> Result<u8, Failure> {
    let settings = context.settings()?;
    if args.yes.as_ref().is_some_and(|yes| *yes != settings.name) {
        return Err(Failure::usage(
            format!("--yes does not name the lab {}", settings.name),
            format!("to wipe it without being asked: podclaw wipe --yes {}", settings.name),
        ));
    }
    let began = Instant::now();
    let name = &settings.name.clone();
    let scope = args.scope();
    let lab = context.unless_cancelled(context.connect(settings)).await?;
    // Whoever asked for it is in a hurry: it waits for no lock, and it is no harm to do it twice.
    let quarantined = if (args.quarantine || args.evidence.is_some()) && args.changes() {
        Some(quarantine(&lab, context).await?)
    } else {
        None
    };
    // Whoever has to be asked may take long, and nobody is to wait for that; who has not, sees what the one before left.
    let early = if args.yes.is_some() && args.changes() { Some(lock(lab.clone(), context).await?) } else { None };
    let plan = context.unless_cancelled(async { Ok(lab.wipe_plan(&scope).await?) }).await?;
    let revoke = context.unless_cancelled(async { Ok(lab::revocations(&lab, &plan).await) }).await?;
    if !context.ui.json() {
        show(&plan, &context.ui);
    }
    let doomed = plan.doomed().count();
    if !args.changes() || doomed == 0 && !args.reset {
        if context.ui.json() {
            let body = json!({ "lab": name, "dry_run": args.dry_run, "scope": scope, "quarantine": quarantined,
                "plan": plan.steps, "notes": plan.notes, "revoke": revoke });
            context.ui.say_json(&body)?;
        } else if doomed == 0 {
            context.ui.say(format!("there is nothing of the lab {name} to wipe"));
        } else {
            show_revocations(&revoke, &context.ui);
            context.ui.say(format!("{doomed} objects would be deleted"));
        }
        let blocked = doomed == 0 && !plan.left().is_empty();
        return Ok(if blocked { FINDINGS } else { DONE });
    }
    let question = format!("{doomed} objects will be deleted for good. Type the lab's name to go on:");
    if args.yes.is_none() && !typed(question, name, context).await? {
        let stays = if quarantined.is_some() { "; its guests stay frozen and cut off" } else { "" };
        return Err(Failure::usage(
            format!("nothing was wiped: the lab's name was not typed{stays}"),
            format!("without a terminal: podclaw wipe --yes {name}"),
        ));
    }
    let lock = match early {
        Some(lock) => lock,
        None => lock(lab, context).await?,
    };
    let incus_dir = lab::incus_dir(lock.lab().client.socket());
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let outcome = async {
        let kept = match &args.evidence {
            Some(directory) => Some(lab::evidence(lock.lab(), &plan, directory, &incus_dir, &job).await?),
            None => None,
        };
        let left = lab::wipe(&lock, &plan, &scope, &job).await?;
        let residue = lab::residue(lock.lab(), &incus_dir, &scope, &plan, &left).await;
        Ok::<_, lab::Error>((kept, left, residue))
    }
    .await;
    drop(job);
    watch.finish().await;
    let (kept, left, residue) = outcome?;
    let is_empty = left.is_empty();
    if scope.level != Level::Guests && !args.reset {
        remove_timer(name, &context.ui);
    }
    let done = Done { scope, doomed, quarantined, plan, kept, left, residue, revoke, took: began.elapsed() };
    let anew = if args.reset && is_empty { Some(reset(&lock, context).await?) } else { None };
    done.report(name, anew.as_deref(), context)
}

/// What would run for a lab that is gone, every minute.
fn remove_timer(name: &LabName, ui: &Ui) {
    match super::timer::remove(name, None) {
        Ok(false) => {}
        Ok(true) => ui.note(format!("the timer of `podclaw pool` for the lab {name} is removed")),
        Err(error) => ui.warn(error.message()),
    }
}

/// What came of a wipe.
struct Done {
    scope: WipeScope,
    doomed: usize,
    quarantined: Option<Quarantined>,
    plan: WipePlan,
    kept: Option<Evidence>,
    left: WipePlan,
    residue: Residue,
    revoke: Vec<Revocation>,
    took: Duration,
}

impl Done {
    fn report(&self, name: &LabName, anew: Option<&str>, context: &Context) -> Result<u8, Failure> {
        let ui = &context.ui;
        let code = if self.left.is_empty() && self.residue.found.is_empty() { DONE } else { FINDINGS };
        if ui.json() {
            ui.say_json(&json!({ "lab": name, "dry_run": false, "scope": self.scope, "quarantine": self.quarantined,
                "plan": self.plan.steps, "notes": self.plan.notes, "evidence": self.kept, "left": self.left.steps,
                "why": self.left.notes, "residue": self.residue, "revoke": self.revoke,
                "millis": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX), "reset": anew }))?;
            return Ok(code);
        }
        if let Some(kept) = &self.kept {
            let (files, size, place) = (kept.files.len(), words::mebibytes(kept.bytes()), kept.directory.display());
            ui.say(format!("evidence: {files} files, {size}, in {place}"));
        }
        show_revocations(&self.revoke, ui);
        for what in &self.residue.unseen {
            ui.warn(format!("not looked at on this machine: {what}"));
        }
        if let Some(anew) = anew {
            ui.say(anew);
        }
        if code != DONE {
            ui.say(format!("{BAD}left{BAD:#} of the lab {name}, or in its way:"));
            show(&self.left, ui);
            show_residue(&self.residue, ui);
            return Ok(code);
        }
        let what = match self.scope.level {
            Level::Guests => format!("the guests of the lab {name} are gone"),
            _ if self.scope.keep.contains(&Spare::Images) => format!("the lab {name} is gone but for its images"),
            _ => format!("the lab {name} is gone"),
        };
        let (doomed, took) = (self.doomed, self.took.as_secs_f64());
        ui.say(format!("{what}: {doomed} objects deleted in {took:.1} s, nothing is left"));
        Ok(code)
    }
}

async fn quarantine(lab: &Lab, context: &Context) -> Result<Quarantined, Failure> {
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let outcome = context.unless_cancelled(async { Ok(lab::quarantine(lab, &job).await?) }).await;
    drop(job);
    watch.finish().await;
    let done = outcome?;
    for why in &done.failed {
        context.ui.warn(why);
    }
    if !context.ui.json() {
        let by = match done.cut_by {
            CutBy::Table => "all at once",
            CutBy::Daemon => "one by one, by the daemon",
        };
        context.ui.say(format!(
            "quarantine: {} guests cut off after {} ms ({by}), {} of them frozen after {} ms",
            done.guests, done.cut_millis, done.frozen, done.frozen_millis
        ));
    }
    Ok(done)
}

/// Makes the lab anew, and says what it still lacks.
async fn reset(lock: &LabLock, context: &Context) -> Result<String, Failure> {
    let began = Instant::now();
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, context.cancel());
    let made = lab::init(lock, InitMode::Gentle, &job).await;
    drop(job);
    watch.finish().await;
    let made = made?.changes();
    let name = &lock.lab().settings.name;
    let next = match lock.lab().lacks_images().await {
        Ok(None) => "guests can be launched now".to_owned(),
        Ok(Some(lacks)) => format!("before the first launch: {lacks}"),
        Err(error) => format!("whether its images are there is not known: {error}"),
    };
    Ok(format!("the lab {name} is made anew: {made} objects in {:.1} s; {next}", began.elapsed().as_secs_f64()))
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
        let object = format!("{:14} {}", step.kind.as_str(), text::excerpt(&step.name, 96));
        let facts: Vec<String> =
            [step.bytes.map(words::mebibytes), step.created.map(words::age)].into_iter().flatten().collect();
        let facts = if facts.is_empty() { String::new() } else { format!("  {FAINT}{}{FAINT:#}", facts.join(", ")) };
        match &step.fate {
            Fate::Delete => ui.say(format!("{BAD}-{BAD:#} {object}{facts}")),
            Fate::Keep(reason) => ui.say(format!("{CAUTION}!{CAUTION:#} {object} stays: {reason}{facts}")),
        }
    }
    for note in &plan.notes {
        ui.warn(note);
    }
}

fn show_residue(residue: &Residue, ui: &Ui) {
    for trace in &residue.found {
        ui.say(format!("{BAD}-{BAD:#} {:14} {} is on this machine", trace.kind, trace.name));
    }
}

fn show_revocations(all: &[Revocation], ui: &Ui) {
    if !all.is_empty() {
        ui.say("to revoke elsewhere:");
    }
    for it in all {
        ui.say(format!("  {}: {}", it.what, it.how));
    }
}
