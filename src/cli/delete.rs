//! `podclaw delete`.

use std::collections::BTreeSet;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{DONE, Failure};
use crate::incus::Job;
use crate::lab;
use crate::names::GuestName;

/// What `delete` takes.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The guests
    #[arg(required = true, value_name = "NAME")]
    names: Vec<GuestName>,
}

pub(crate) async fn run(args: DeleteArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab_to_change().await?;
    let (progress, watch) = context.ui.watch();
    let cancel = context.cancel();
    // One that is named twice is there only once.
    let names: BTreeSet<&GuestName> = args.names.iter().collect();
    let removals = names.into_iter().map(|name| {
        let job = Job::new(progress.lane(name.as_str()), cancel.clone());
        let lab = &lab;
        async move {
            let began = Instant::now();
            job.progress.begin("delete");
            let removed = lab::remove_guest(lab, name, &job).await?;
            if !removed {
                return Err(lab::Error::NoGuest(name.clone()));
            }
            job.progress.done("deleted", began.elapsed());
            Ok(name)
        }
    });
    let outcomes = futures_util::future::join_all(removals).await;
    drop(progress);
    watch.finish().await;
    let mut deleted = Vec::new();
    let mut failures = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(name) => deleted.push(name),
            Err(error) => failures.push(Failure::from(error)),
        }
    }
    if context.ui.json() {
        context.ui.say_json(&json!({ "deleted": deleted, "failed": super::told(&failures) }))?;
    }
    super::all_or_last(failures, &context.ui, DONE)
}
