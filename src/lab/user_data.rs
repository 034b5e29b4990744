//! The user-data of a guest, judged as it is going to be sent.

use super::{Error, Result};
use crate::cloud_init::{self, Settings, Templates};
use crate::rules::{Finding, cloud_config};

/// Fills the templates. Nothing is sent that was not judged.
pub(super) fn rendered(templates: &Templates, settings: &Settings) -> Result<String> {
    Ok(cloud_init::render(templates, settings)?.into_string())
}

/// Fills the templates, and refuses what breaks a rule: a directory of one's own can hold anything.
pub(super) fn judged(templates: &Templates, settings: &Settings) -> Result<String> {
    let text = rendered(templates, settings)?;
    let refusals: Vec<_> =
        cloud_config::rendered(&text).iter().filter(|finding| finding.counts()).map(Finding::to_string).collect();
    if refusals.is_empty() { Ok(text) } else { Err(Error::NotContained(refusals)) }
}
