//! `podclaw info`.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use super::{timings, words};
use crate::cloud_init::{DEFAULT_PORT, TOKEN_FILE};
use crate::lab::{self, Guest};
use crate::names::GuestName;
use crate::probe::Verdict;
use crate::ui::{BAD, SummaryBox, Ui};

/// What `info` takes.
#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The guest
    name: GuestName,
}

pub(crate) async fn run(args: InfoArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    let guest = lab::guest(&lab, &args.name).await?;
    if context.ui.json() {
        context.ui.say_json(&json!({ "lab": lab.settings.name, "guest": guest }))?;
        return Ok(DONE);
    }
    show_box(&guest, &context.ui);
    for mismatch in &guest.mismatches {
        context.ui.say(format!("{BAD}✗{BAD:#} {}", crate::text::excerpt(mismatch, 300)));
    }
    if let Some(receipt) = &guest.receipt {
        let rows = receipt.stages.iter().map(|stage| {
            vec![
                crate::text::excerpt(&stage.stage, 20),
                crate::text::excerpt(&stage.outcome, 80),
                words::seconds(stage.millis),
            ]
        });
        context.ui.say("");
        context.ui.table(&["stage", "outcome", "took"], rows.collect());
        let doubtful = receipt.probes.iter().filter(|probe| probe.verdict != Verdict::Contained);
        let rows = doubtful.map(|probe| {
            let verdict = if probe.verdict == Verdict::NotContained { "NOT CONTAINED" } else { "could not tell" };
            vec![crate::text::excerpt(&probe.id, 24), verdict.into(), crate::text::excerpt(&probe.came_back, 80)]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            context.ui.say("");
            context.ui.table(&["probe", "verdict", "came back"], rows);
        }
    }
    Ok(DONE)
}

/// The box that says what a guest is and how to reach it.
pub(super) fn show_box(guest: &Guest, ui: &Ui) {
    let name = &guest.name;
    let state = match &guest.receipt {
        Some(receipt) if guest.is_running() => {
            format!(
                "{}, gateway {} after {}",
                words::status(guest.status),
                words::readiness(guest.readiness),
                words::seconds(receipt.millis)
            )
        }
        _ => format!("{}, gateway {}", words::status(guest.status), words::readiness(guest.readiness)),
    };
    let addresses: Vec<String> = guest.addresses.iter().map(ToString::to_string).collect();
    let addresses = if addresses.is_empty() { "none".into() } else { addresses.join(", ") };
    let mut summary = SummaryBox::new(format!("podclaw guest {name}"))
        .row("state", state)
        .row("address", format!("{addresses} (the gateway listens on the guest's loopback only)"));
    if let Some(receipt) = &guest.receipt {
        let contained = receipt.probes.iter().filter(|probe| probe.verdict == Verdict::Contained).count();
        let proven = match receipt.probes.len() {
            0 => "no probe was run when it was launched".into(),
            all => format!("{contained} of {all} probes contained when it was launched (podclaw prove {name})"),
        };
        summary = summary.row("proof", proven);
        let compared = match guest.mismatches.as_slice() {
            [] if receipt.digests.is_none() => "of an older podclaw, without digests to compare with",
            [] => "the guest is as it was judged (podclaw audit)",
            _ => "THE GUEST DOES NOT MATCH IT, see below",
        };
        summary = summary.row("receipt", compared);
        if let Some(timings) = &receipt.timings {
            summary = summary.row("time", timings::in_short(timings));
        }
        summary = summary.row("made of", format!("base {}, gateway {}", short(&receipt.base), short(&receipt.gateway)));
    }
    if guest.is_running() {
        summary = summary
            .row("control UI", format!("podclaw forward {name}, then http://127.0.0.1:{DEFAULT_PORT}"))
            .row("token", format!("podclaw exec {name} -- cat {TOKEN_FILE}"))
            .row("shell", format!("podclaw shell {name}"))
            .row("logs", format!("podclaw logs {name} --follow"));
    } else {
        summary = summary.row("logs", format!("podclaw logs {name} --source stages"));
    }
    summary.row("delete", format!("podclaw delete {name}")).show(ui);
}

/// A digest as people compare it.
fn short(digest: &str) -> String {
    let hex = digest.rsplit_once("sha256:").map_or(digest, |(_, hex)| hex);
    hex.chars().take(12).collect()
}
