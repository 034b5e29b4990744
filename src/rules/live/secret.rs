//! Secrets in what the daemon keeps: found by the rules of [`crate::rules::secrets`], and never shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::LiveFacts;
use crate::place::{Origin, Source};
use crate::profile::Layer;
use crate::rules::{Finding, secrets};
use crate::text::excerpt;

/// What is not looked through: digests and words of podclaw's own, and user-data, which the rules of cloud-config judge.
const OWN: [&str; 3] = ["user.podclaw.", "volatile.", "cloud-init.user-data"];

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let guests = facts.guests.iter().map(|guest| (guest.origin(), &guest.own));
    let profiles = facts.profiles.iter().map(|profile| (profile.origin(), &profile.layer));
    for (origin, layer) in guests.chain(profiles) {
        one(&origin, layer, findings);
    }
    for guest in &facts.guests {
        text("description", "description", &guest.description, &guest.origin(), findings);
    }
    for words in &facts.words {
        text("description", "description", &words.description, &words.of, findings);
        config(&words.config, &words.of, findings);
    }
}

fn one(origin: &Origin, layer: &Layer, findings: &mut Vec<Finding>) {
    config(&layer.config, origin, findings);
    let devices = layer
        .devices
        .iter()
        .flat_map(|(name, keys)| keys.iter().map(move |(key, value)| (format!("devices.{name}.{key}"), key, value)));
    for (subject, key, value) in devices {
        text(&subject, key, value, origin, findings);
    }
}

fn config(config: &BTreeMap<String, String>, origin: &Origin, findings: &mut Vec<Finding>) {
    for (key, value) in config.iter().filter(|(key, _)| !OWN.iter().any(|own| key.starts_with(own))) {
        text(&format!("config.{key}"), key, value, origin, findings);
    }
}

/// Looks through one value. Its name tells many secrets from other words.
fn text(subject: &str, key: &str, value: &str, origin: &Origin, findings: &mut Vec<Finding>) {
    let source = Arc::new(Source { name: subject.to_owned(), text: format!("{key}: {value}\n") });
    findings.extend(secrets::judge(&source).into_iter().map(|finding| Finding {
        subject: excerpt(subject, 200),
        origin: origin.clone(),
        ..finding
    }));
}

/// Takes out of a finding what looks like a secret.
pub(super) fn hide(finding: &mut Finding) {
    let related = finding.related.iter_mut().map(|related| &mut related.message);
    for text in [&mut finding.subject, &mut finding.message].into_iter().chain(related) {
        if let Cow::Owned(scrubbed) = secrets::scrub(text) {
            *text = scrubbed;
        }
    }
}

/// A value as it may be shown. Its name tells many secrets from other words, so it is looked at together with that.
pub(super) fn shown(key: &str, value: &str) -> String {
    let name = format!("{}: ", key.rsplit(['.', ' ']).next().unwrap_or_default());
    let whole = format!("{name}{value}");
    let whole = secrets::scrub(&whole);
    // A secret that takes in its name leaves nothing to show.
    excerpt(whole.strip_prefix(&name).unwrap_or("***"), 80)
}
