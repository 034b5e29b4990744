//! `podclaw list`.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use super::words;
use crate::lab::{self, Guest, Standby};
use crate::text;

/// What `list` takes.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {}

pub(crate) async fn run(_args: ListArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    let guests = lab::guests(&lab).await?;
    let Standby { count, failures } = lab.standby().await?;
    if context.ui.json() {
        let standby = json!({ "count": count, "failures": failures.as_ref().map(words::failures) });
        context.ui.say_json(&json!({ "lab": lab.settings.name, "guests": guests, "standby": standby }))?;
    } else if guests.is_empty() {
        context.ui.note(format!("the lab {} has no guests; `podclaw launch` makes one", lab.settings.name));
    } else {
        let rows = guests.iter().map(row).collect();
        context.ui.table(&["name", "status", "gateway", "address", "memory", "processes", "created"], rows);
    }
    if let Some(failures) = failures.filter(|_| !context.ui.json()) {
        context.ui.note(format!("guests that are to stand by: {count}; {failures} (`podclaw pool`)"));
    }
    Ok(DONE)
}

fn row(guest: &Guest) -> Vec<String> {
    vec![
        text::excerpt(&guest.name, 63),
        words::status(guest.status).into(),
        words::readiness(guest.readiness).into(),
        guest.addresses.first().map_or_else(|| "-".into(), ToString::to_string),
        if guest.is_running() { words::mebibytes(guest.memory) } else { "-".into() },
        if guest.is_running() { guest.processes.to_string() } else { "-".into() },
        text::excerpt(guest.created.get(..16).unwrap_or(&guest.created), 16).replace('T', " "),
    ]
}
