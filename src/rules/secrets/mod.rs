//! Secrets, in any text. What is found is never shown: not in a message, and, by [`mask`], not in a code frame.

mod base64;
mod cloud_key;
mod forge_token;
mod hide;
mod hint;
mod kubeconfig;
mod model_key;
mod password;
mod pattern;
mod private_key;
mod scan;
mod token;
mod value;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Finding, Rule};
use crate::place::Source;

pub use hide::{mask, ranges, scrub};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &private_key::RULE,
    &cloud_key::RULE,
    &forge_token::RULE,
    &model_key::RULE,
    &token::RULE,
    &kubeconfig::RULE,
    &password::RULE,
];

/// What the rules look for. Of two that find the same the first one names it.
const ALL: [&[pattern::Pattern]; 7] = [
    private_key::PATTERNS,
    cloud_key::PATTERNS,
    forge_token::PATTERNS,
    model_key::PATTERNS,
    token::PATTERNS,
    kubeconfig::PATTERNS,
    password::PATTERNS,
];

/// No more secrets than this are listed for one file. All are hidden.
const MOST: usize = 100;

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    findings(source, &scan::hits(&source.text))
}

/// Judges one file, and takes its secrets out of what other rules said of it. All findings are returned.
#[must_use]
pub fn judge_and_hide(source: &Arc<Source>, mut others: Vec<Finding>) -> Vec<Finding> {
    let hits = scan::hits(&source.text);
    hide::hide(&mut others, Some((source, &hits)));
    others.extend(findings(source, &hits));
    others
}

/// A secret in the name of a file: with the name as it may be shown, and nothing else of the file.
#[must_use]
pub fn in_name(source: &Source) -> Option<Finding> {
    let hits = scan::hits(&source.name);
    let hit = hits.first()?;
    let hidden = Arc::new(Source { name: scrub(&source.name).into_owned(), text: String::new() });
    let message = format!("there is {} in the name of this file", hit.pattern.what);
    Some(Finding::at(hit.pattern.rule, format!("secret.{}", hit.pattern.name), hidden.place(0..0), message))
}

/// Takes the secrets of all files that the findings point at out of what they say.
pub fn hide(findings: &mut [Finding]) {
    hide::hide(findings, None);
}

fn findings(source: &Arc<Source>, hits: &[scan::Hit]) -> Vec<Finding> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let found = hits.iter().take(MOST).map(|hit| {
        let pattern = hit.pattern;
        let count = counts.entry(pattern.name).or_default();
        *count += 1;
        let subject = if *count == 1 { pattern.name.to_owned() } else { format!("{}[{count}]", pattern.name) };
        let place = source.place(hit.bytes.clone());
        Finding::at(pattern.rule, format!("secret.{subject}"), place, format!("this is {}", pattern.what))
    });
    found.collect()
}
