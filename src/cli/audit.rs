//! `podclaw audit`.

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::lint::{code, show};
use crate::lab;
use crate::names::GuestName;

/// What `audit` takes.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// The guests to judge, beside everything else of the lab [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<GuestName>,
}

pub(crate) async fn run(args: AuditArgs, context: &Context) -> Result<u8, Failure> {
    let audited = context.unless_cancelled(async {
        let lab = context.lab().await?;
        Ok(lab::audit(&lab, &args.names).await?)
    });
    let found = audited.await?;
    show(&found, &context.ui)?;
    Ok(code(&found))
}
