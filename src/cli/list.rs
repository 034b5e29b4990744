//! `podclaw list`.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use crate::lab::{self, Guest};
use crate::text;

/// What `list` takes.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {}

pub(crate) async fn run(_args: ListArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    let guests = lab::guests(&lab).await?;
    if context.ui.json() {
        context.ui.say_json(&json!({ "lab": lab.settings.name, "guests": guests }))?;
    } else if guests.is_empty() {
        context.ui.note(format!("the lab {} has no guests; `podclaw launch` makes one", lab.settings.name));
    } else {
        let rows = guests.iter().map(row).collect();
        context.ui.table(&["name", "status", "gateway", "address", "memory", "processes", "created"], rows);
    }
    Ok(DONE)
}

fn row(guest: &Guest) -> Vec<String> {
    vec![
        text::excerpt(&guest.name, 63),
        super::words::status(guest.status).into(),
        super::words::readiness(guest.readiness).into(),
        guest.addresses.first().map_or_else(|| "-".into(), ToString::to_string),
        if guest.is_running() { super::words::mebibytes(guest.memory) } else { "-".into() },
        if guest.is_running() { guest.processes.to_string() } else { "-".into() },
        text::excerpt(guest.created.get(..16).unwrap_or(&guest.created), 16).replace('T', " "),
    ]
}
