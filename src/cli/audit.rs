//! `podclaw audit`.

use std::path::PathBuf;

use clap::Args;

use super::context::{Context, refuse_foreign};
use super::failure::Failure;
use super::lint::{code, policy, show};
use crate::lab;
use crate::lint;
use crate::names::GuestName;

/// What `audit` takes.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// The guests to judge, beside everything else of the lab [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<GuestName>,
    /// The directory with waivers.yaml [default: policy]
    #[arg(long, value_name = "DIRECTORY")]
    policy: Option<PathBuf>,
}

pub(crate) async fn run(args: AuditArgs, context: &Context) -> Result<u8, Failure> {
    let settings = context.settings()?;
    let is_named = args.policy.is_some();
    let policy = policy(args.policy, settings.data.clone())?;
    let waivers = policy.join("waivers.yaml");
    if !is_named && waivers.exists() {
        refuse_foreign("the file of waivers", &waivers, &format!("--policy {}", policy.display()))?;
    }
    let audited = context.unless_cancelled(async {
        let lab = context.connect(settings).await?;
        Ok(lab::audit(&lab, &args.names).await?)
    });
    let mut found = audited.await?;
    lint::waive_objects(&policy, jiff::Zoned::now().date(), args.names.is_empty(), &mut found);
    show(&found, &context.ui)?;
    Ok(code(&found))
}
