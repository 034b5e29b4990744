//! What a lab is like on the daemon: the rules of `podclaw audit`.
//!
//! A file is judged before it does anything; these judge what it made, and what somebody did to that afterwards. Guests and
//! profiles are judged by the rules of [`super::profile`] besides, under the same names.

mod acl;
mod drift;
mod facts;
mod facts_of_guest;
mod guest;
mod ids;
mod image;
mod kernel;
mod missing;
mod network;
mod pool;
mod profile;
mod receipt;
mod secret;
mod snapshot;
mod unmarked;

pub(crate) use facts::short;
pub use facts::{
    Acl, AclRule, Drift, DriftState, Image, LiveFacts, Network, Pinned, Pool, ProfileFacts, Reach, Used, Words,
};
pub use facts_of_guest::{Guest, Launch, Mismatch, Proof, ReceiptFacts};

use super::{Finding, Rule};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &missing::RULE,
    &unmarked::RULE,
    &drift::RULE,
    &network::RULE,
    &acl::RULE,
    &kernel::RULE,
    &pool::RULE,
    &profile::RULE,
    &image::RULE,
    &guest::RULE,
    &ids::RULE,
    &receipt::RULE,
    &snapshot::RULE,
];

/// Judges a lab.
#[must_use]
pub fn judge(facts: &LiveFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    missing::check(facts, &mut findings);
    unmarked::check(facts, &mut findings);
    drift::check(facts, &mut findings);
    network::check(facts, &mut findings);
    acl::check(facts, &mut findings);
    kernel::check(facts, &mut findings);
    pool::check(facts, &mut findings);
    profile::check(facts, &mut findings);
    image::check(facts, &mut findings);
    guest::check(facts, &mut findings);
    ids::check(facts, &mut findings);
    receipt::check(facts, &mut findings);
    snapshot::check(facts, &mut findings);
    secret::check(facts, &mut findings);
    for finding in &mut findings {
        secret::hide(finding);
    }
    findings
}
