//! Profiles: loading, merging, judging, and what the daemon is sent.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod json;
mod library;
mod limits;
mod parse;
mod stack;

use podclaw::names::LabName;
use podclaw::profile::{Effective, Layer, Library, Limits, Profile};
use podclaw::yaml;

fn lab() -> LabName {
    "t1".parse().expect("a lab's name")
}

/// A profile from YAML, for the lab `t1`.
fn profile(name: &str, text: &str) -> Profile {
    let document = yaml::parse(name, text.as_bytes()).expect("strict YAML");
    Profile::from_document(name, &document).expect("a profile").for_lab(&lab())
}

/// The built-in profiles for the lab `t1`.
fn library() -> Library {
    Library::built_in().expect("the built-in profiles").for_lab(&lab(), &Limits::default())
}

/// The default stack with one more profile and what the instance itself sets.
fn with(extra: &str, instance: &Layer) -> Effective {
    let mut stack = library().stack(podclaw::profile::DEFAULT_STACK).expect("the default stack");
    if !extra.is_empty() {
        stack.profiles.push(profile("extra.yaml", &format!("description: extra\n{extra}")));
    }
    stack.effective(instance)
}
