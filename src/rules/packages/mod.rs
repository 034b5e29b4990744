//! The gateway's packages: pinned, and without known holes.

mod pin;
mod version;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::found::Found;
use super::{Finding, Rule, json};
use crate::place::Source;

/// The rules of this module.
pub const RULES: &[&Rule] = &[&pin::RULE, &version::VULNERABLE, &version::OUTDATED];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    let mut found = Found::new(source);
    if let Some(root) = json::read(source, &mut found) {
        match Path::new(&source.name).file_name().and_then(|name| name.to_str()) {
            Some("package-lock.json") => pin::lock(&root, &mut found),
            Some("podclaw.lock") => pin::podclaw(&root, &mut found),
            _ => pin::wanted(&root, "", &mut found),
        }
    }
    found.finish()
}

/// Judges the version of the gateway that an image's name tells.
pub(super) fn image(image: &str, subject: &str, bytes: Range<usize>, found: &mut Found) {
    version::image(image, subject, bytes, found);
}
