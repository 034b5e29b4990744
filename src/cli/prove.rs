//! `podclaw prove`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::context::Context;
use super::failure::{COULD_NOT, DONE, FINDINGS, Failure};
use super::{duration, words};
use crate::incus::Job;
use crate::lab::{self, Lab, LeftOut, Proof, Provable, ProveOptions, Prover};
use crate::names::GuestName;
use crate::probe::{ALL, NOT_SHOWN, Outcome, Set, Verdict};
use crate::ui::Ui;

/// How many guests are proven side by side.
const AT_ONCE: usize = 8;
/// How long the probes in one guest may take.
const QUICK: Duration = Duration::from_secs(20);
const FULL: Duration = Duration::from_mins(5);

/// What `prove` takes.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// The guests [default: all that run]
    #[arg(value_name = "NAME")]
    names: Vec<GuestName>,
    /// Drive the guests into their limits, too, and ask the gateway for its own audit
    #[arg(long)]
    full: bool,
    /// An address that guests must reach, as the control that their network works [default: a public address, which is
    /// only looked for to be left to]
    #[arg(long, value_name = "ADDR:PORT")]
    control: Option<SocketAddr>,
    /// How long the probes in one guest may take [default: 20s, with --full 5m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
}

pub(crate) async fn run(args: ProveArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab_to_change().await?;
    let Provable { names, left_out } = if args.names.is_empty() {
        lab::provable(&lab).await?
    } else {
        Provable { names: args.names, left_out: Vec::new() }
    };
    if names.is_empty() && !context.ui.json() {
        context.ui.note(format!("no guest of the lab {} runs; `podclaw launch` makes one", lab.settings.name));
    }
    let (set, longest) = if args.full { (Set::Full, FULL) } else { (Set::Quick, QUICK) };
    let options = ProveOptions { set, control: args.control, timeout: args.timeout.unwrap_or(longest) };
    let (proofs, failures) = prove_all(&lab, &names, options, context).await?;
    show(&lab, &proofs, &left_out, context)?;
    let unproven = left_out.iter().filter_map(|guest| guest.verdict);
    let worst = proofs.iter().map(|proof| proof.verdict).chain(unproven).max();
    let code = match worst {
        Some(Verdict::NotContained) => FINDINGS,
        // Where nothing was tried, nothing was shown.
        Some(Verdict::CouldNotTell) | None => COULD_NOT,
        Some(Verdict::Contained) => DONE,
    };
    match super::all_or_last(failures, &context.ui, code) {
        // What got out weighs more than what could not be looked at.
        Err(failure) if code == FINDINGS => {
            context.ui.error(&failure.message(), failure.help());
            Ok(FINDINGS)
        }
        ended => ended,
    }
}

async fn prove_all(
    lab: &Lab,
    names: &[GuestName],
    options: ProveOptions,
    context: &Context,
) -> Result<(Vec<Proof>, Vec<Failure>), Failure> {
    let prover = Prover::new().await?;
    let cancel = context.cancel();
    let (progress, watch) = context.ui.watch();
    let job = Job::new(progress, cancel);
    job.progress.begin(if let [one] = names {
        format!("prove {one}")
    } else {
        format!("prove {} guests", names.len())
    });
    let outcomes: Vec<_> = {
        let (prover, job) = (&prover, &job);
        let each = stream::iter(names).map(|name| async move { (name, prover.prove(lab, name, options, job).await) });
        each.buffered(AT_ONCE).collect().await
    };
    drop(job);
    watch.finish().await;
    let (mut proofs, mut failures) = (Vec::new(), Vec::new());
    for (name, outcome) in outcomes {
        match outcome {
            Ok(proof) => proofs.push(proof),
            Err(error) => failures.push(Failure::from(error).about(format!("cannot prove {name}"))),
        }
    }
    Ok((proofs, failures))
}

fn show(lab: &Lab, proofs: &[Proof], left_out: &[LeftOut], context: &Context) -> Result<(), Failure> {
    if context.ui.json() {
        let body =
            json!({ "lab": lab.settings.name, "guests": proofs, "not_proven": left_out, "not_shown": NOT_SHOWN });
        return Ok(context.ui.say_json(&body)?);
    }
    match proofs {
        [] => {}
        [one] => show_one(one, &context.ui),
        many => show_matrix(many, &context.ui),
    }
    if !proofs.is_empty() {
        context.ui.say("");
    }
    for proof in proofs {
        let count = |verdict| proof.all(verdict).count();
        context.ui.say(format!(
            "{}: {} contained, {} NOT CONTAINED, {} could not tell, in {}",
            proof.name,
            count(Verdict::Contained),
            count(Verdict::NotContained),
            count(Verdict::CouldNotTell),
            words::seconds(proof.millis)
        ));
    }
    for LeftOut { name, reason, verdict, .. } in left_out {
        let word = if verdict.is_some() { "not proven, could not tell" } else { "not proven" };
        context.ui.say(format!("{name}: {word}: {reason}"));
    }
    if proofs.is_empty() {
        return Ok(());
    }
    context.ui.say("\nWhat no probe can show:");
    for limit in NOT_SHOWN {
        context.ui.say(format!("  - {limit}"));
    }
    Ok(())
}

fn show_one(proof: &Proof, ui: &Ui) {
    let mut group = None;
    for outcome in &proof.probes {
        if group != Some(outcome.probe.group) {
            ui.say(format!("{}{}", if group.is_some() { "\n" } else { "" }, outcome.probe.group.as_str()));
            group = Some(outcome.probe.group);
        }
        show_outcome(outcome, "", ui);
    }
}

fn show_outcome(outcome: &Outcome, guest: &str, ui: &Ui) {
    let (mark, style) = ui.mark(outcome.verdict);
    let id = outcome.probe.id;
    ui.say(format!("  {style}{mark}{style:#} {guest}{id:22} {}", outcome.probe.title));
    if outcome.verdict == Verdict::Contained {
        ui.say(format!("    {}", outcome.came_back));
    } else {
        let word = if outcome.verdict == Verdict::NotContained { "NOT CONTAINED" } else { "could not tell" };
        ui.say(format!("    {style}{word}{style:#}: {}", outcome.came_back));
        if !outcome.tried.is_empty() {
            ui.say(format!("    tried: {}", outcome.tried));
        }
    }
}

/// One line a probe and one column a guest; then what is not contained, or not known, in words.
fn show_matrix(proofs: &[Proof], ui: &Ui) {
    let mut header = vec!["probe"];
    header.extend(proofs.iter().map(|proof| proof.name.as_str()));
    let of = |proof: &Proof, id: &str| {
        let found = proof.probes.iter().find(|outcome| outcome.probe.id == id);
        found.map_or("", |outcome| ui.mark(outcome.verdict).0).to_owned()
    };
    let was_run = |id: &str| proofs.iter().any(|proof| proof.probes.iter().any(|outcome| outcome.probe.id == id));
    let rows = ALL.iter().filter(|probe| was_run(probe.id)).map(|probe| {
        let mut row = vec![probe.id.to_owned()];
        row.extend(proofs.iter().map(|proof| of(proof, probe.id)));
        row
    });
    ui.table(&header, rows.collect());
    for proof in proofs {
        for verdict in [Verdict::NotContained, Verdict::CouldNotTell] {
            for outcome in proof.all(verdict) {
                show_outcome(outcome, &format!("{} ", proof.name), ui);
            }
        }
    }
}
