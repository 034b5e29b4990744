//! Profiles, and what they merge into.

use super::{Finding, Rule};
use crate::names::LabName;
use crate::profile::{Layer, Profile, Stack};

/// The rules of this module.
pub const RULES: &[&Rule] = &[];

/// Judges a profile by itself: what it sets, and not what it leaves to others.
#[must_use]
pub fn alone(_profile: &Profile, _lab: &LabName) -> Vec<Finding> {
    Vec::new()
}

/// Judges what profiles and an instance merge into, what is required too. Each finding names what brought the value, or
/// what removed it.
#[must_use]
pub fn stack(_stack: &Stack, _instance: &Layer, _lab: &LabName) -> Vec<Finding> {
    Vec::new()
}

/// One note that names the requirements that a profile by itself leaves open; none where it leaves none.
#[must_use]
pub fn open_requirements(_profile: &Profile, _lab: &LabName) -> Option<Finding> {
    None
}
