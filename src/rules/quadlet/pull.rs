//! Images that are fetched again and again.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::unit_file::{self, Entry};

pub(super) static RULE: Rule = Rule {
    id: "quadlet-pull",
    severity: Severity::Warning,
    summary: "an image that is pulled anew, or replaced by a timer",
    why: "What runs should change when somebody changes it, and not when a registry does. A guest that pulls at each \
          start also needs a way out to that registry.",
    remedy: "use `Pull=never` or `Pull=missing`, and no automatic updates",
    threats: &["pinning"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.image",
        bad: "[Image]\nImage=registry.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nPolicy=always\n",
        good: "[Image]\nImage=registry.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\nPolicy=missing\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("Pull").chain(quadlet.all("Policy")) {
        if !matches!(entry.plain(), "never" | "missing") {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "the image is pulled again although it is there");
        }
    }
    // The image that the other file names may be one of the guest's own.
    for entry in quadlet.all("Pull").filter(|entry| quadlet.drop_in && entry.plain() == "missing") {
        found.add(
            &RULE,
            subject(entry),
            entry.bytes.clone(),
            "an image of the guest's own may come from a registry then",
        );
    }
    for entry in quadlet.all("AutoUpdate").filter(|entry| !entry.value.is_empty()) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "a timer of Podman replaces the image");
    }
    let updates = |entry: &&Entry| {
        unit_file::words(&entry.value).is_none_or(|words| words.iter().any(|word| word.starts_with("io.containers")))
    };
    for entry in quadlet.all("Label").filter(updates) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "a label lets a timer of Podman replace the image");
    }
}
