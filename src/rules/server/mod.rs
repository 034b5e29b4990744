//! The daemon itself, and what others have in it that touches the lab.
//!
//! These rules judge no file but a daemon as it is, so that their examples are tests. Settings and warnings of the daemon
//! are judged by the policy, `policy/server.yaml`; what is not there is found.

mod config;
mod confined;
mod facts;
mod strangers;
mod warnings;

mod access;
mod advisory;
mod apparmor;
mod authorization;
mod cgroups;
mod cluster;
mod credential;
mod firewall;
mod foreign_key;
mod forward;
mod kind;
mod listener;
mod logging;
mod metrics;
mod neighbour;
mod overlay;
mod peer;
mod proxy;
mod remote_api;
mod setting;
mod shared_acl;
mod shared_pool;
mod storage;
mod token;
mod trust;
mod unknown_key;
mod view;
mod warning;
mod zone;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Finding, Rule};
use crate::names::LabName;

pub use facts::{Build, ServerFacts};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &access::RULE,
    &advisory::RULE,
    &apparmor::RULE,
    &authorization::RULE,
    &cgroups::RULE,
    &cluster::RULE,
    &credential::RULE,
    &firewall::RULE,
    &foreign_key::RULE,
    &forward::RULE,
    &kind::RULE,
    &listener::RULE,
    &logging::RULE,
    &metrics::RULE,
    &neighbour::RULE,
    &overlay::RULE,
    &peer::RULE,
    &proxy::RULE,
    &remote_api::RULE,
    &setting::RULE,
    &shared_acl::RULE,
    &shared_pool::RULE,
    &storage::RULE,
    &token::RULE,
    &trust::RULE,
    &unknown_key::RULE,
    &view::RULE,
    &warning::RULE,
    &zone::RULE,
];

/// The most findings of one rule that are told. Whoever may use the daemon could make any number of them.
const MOST: usize = 100;

/// Judges a daemon, and what of others in it touches a lab.
#[must_use]
pub fn judge(facts: &ServerFacts, lab: &LabName) -> Vec<Finding> {
    let mut findings = Vec::new();
    kind::findings(facts, &mut findings);
    view::findings(facts, &mut findings);
    advisory::findings(facts, &mut findings);
    firewall::findings(facts, &mut findings);
    warnings::findings(facts, &mut findings);
    config::findings(facts, lab, &mut findings);
    trust::findings(facts, lab, &mut findings);
    token::findings(facts, lab, &mut findings);
    access::findings(facts, &mut findings);
    forward::findings(facts, lab, &mut findings);
    peer::findings(facts, lab, &mut findings);
    zone::findings(facts, lab, &mut findings);
    neighbour::findings(facts, lab, &mut findings);
    proxy::findings(facts, lab, &mut findings);
    shared_acl::findings(facts, lab, &mut findings);
    shared_pool::findings(facts, lab, &mut findings);
    few(findings)
}

/// The same, with no more of one rule than anybody reads. The last one says how many more there are.
fn few(findings: Vec<Finding>) -> Vec<Finding> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let count = counts.entry(finding.rule.to_string()).or_default();
        *count += 1;
        if *count <= MOST {
            kept.push(finding);
        }
    }
    for (rule, count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        if let Some(last) = kept.iter_mut().rfind(|finding| finding.rule == rule) {
            // Writing to a string cannot fail.
            let _ = write!(last.message, " (and {} more like it)", count - MOST);
            // Nobody answers for what is not shown.
            last.waivable = false;
        }
    }
    kept
}
