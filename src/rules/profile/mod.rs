//! Profiles, and what they merge into.
//!
//! Nearly all of it is data: the policy says what each key may be and which rule finds it. A rule's file here has what is
//! said of it; how a value, a device and the whole are judged is in `setting`, `device` and `whole`. The same rules judge
//! a profile, what is about to be created, and what the daemon reports.

mod device;
mod setting;
mod view;
mod whole;

mod address_spoofing;
mod autostart;
mod confinement;
mod empty_value;
mod environment;
mod foreign_key;
mod foreign_network;
mod foreign_user_data;
mod guest_api;
mod host_device;
mod host_path;
mod id_map;
mod kept_state;
mod kernel_parameters;
mod limit_value;
mod line_break;
mod missing_device;
mod missing_limit;
mod nesting;
mod open_requirements;
mod privileged;
mod proxy_device;
mod raw_config;
mod second_disk;
mod syscalls;
mod unknown_key;
mod virtual_machine;

use std::collections::BTreeMap;

use super::{Finding, Rule};
use crate::names::LabName;
use crate::place::Origin;
use crate::policy::{Bringer, Policy};
use crate::profile::{Effective, Layer, Profile, Setting, Stack};
use crate::text::excerpt;
use setting::Judged;
use view::{Held, View};

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &privileged::RULE,
    &raw_config::RULE,
    &host_path::RULE,
    &foreign_network::RULE,
    &host_device::RULE,
    &proxy_device::RULE,
    &id_map::RULE,
    &guest_api::RULE,
    &syscalls::RULE,
    &kernel_parameters::RULE,
    &confinement::RULE,
    &address_spoofing::RULE,
    &limit_value::RULE,
    &missing_limit::RULE,
    &missing_device::RULE,
    &second_disk::RULE,
    &autostart::RULE,
    &kept_state::RULE,
    &foreign_user_data::RULE,
    &environment::RULE,
    &foreign_key::RULE,
    &nesting::RULE,
    &virtual_machine::RULE,
    &unknown_key::RULE,
    &line_break::RULE,
    &empty_value::RULE,
    &open_requirements::RULE,
];

/// What findings call that which profiles merge into.
const MERGED: &str = "the merged profiles";
/// What findings call that which the daemon reports.
const REPORTED: &str = "the daemon";

/// Judges a profile by itself: what it sets, and not what it leaves to others.
#[must_use]
pub fn alone(profile: &Profile, lab: &LabName) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut view = View::default();
    view.add(Bringer::Profile, &profile.config, &profile.devices);
    empty_values(profile, &mut findings);
    brought(&view, None, lab, &mut findings);
    whole::second_disks(&view, &mut findings);
    findings
}

/// Judges what profiles and an instance merge into, what is required too. Each finding names what brought the value, or
/// what removed it.
#[must_use]
pub fn stack(stack: &Stack, instance: &Layer, lab: &LabName) -> Vec<Finding> {
    let (config, devices) = instance.settings(&Origin::named("the instance"));
    let mut view = merge(&stack.profiles);
    view.add(Bringer::Instance, &config, &devices);
    let mut findings = Vec::new();
    brought(&view, None, lab, &mut findings);
    whole::lacking(&view, MERGED, &mut findings);
    whole::second_disks(&view, &mut findings);
    findings
}

/// Judges a profile on top of others: what it sets, and what the whole then lacks. What the others set is not judged
/// again.
#[must_use]
pub fn on_top(others: &[Profile], profile: &Profile, lab: &LabName) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut view = merge(others);
    view.add(Bringer::Profile, &profile.config, &profile.devices);
    empty_values(profile, &mut findings);
    brought(&view, Some(view.top()), lab, &mut findings);
    whole::lacking(&view, MERGED, &mut findings);
    whole::second_disks(&view, &mut findings);
    findings
}

/// Judges what the daemon reports of an instance, or any other merged whole of which nobody knows who brought what.
#[must_use]
pub fn effective(reported: &Effective, lab: &LabName) -> Vec<Finding> {
    let mut view = View::default();
    view.add(Bringer::Daemon, &reported.config, &reported.devices);
    let mut findings = Vec::new();
    brought(&view, None, lab, &mut findings);
    whole::lacking(&view, REPORTED, &mut findings);
    whole::second_disks(&view, &mut findings);
    findings
}

/// One note that names the requirements that a profile by itself leaves open; none where it leaves none.
#[must_use]
pub fn open_requirements(profile: &Profile) -> Option<Finding> {
    let mut view = View::default();
    view.add(Bringer::Profile, &profile.config, &profile.devices);
    let open = whole::open(&view);
    if open.is_empty() {
        return None;
    }
    let message = format!("by itself this leaves open what every guest needs: {}", open.join(", "));
    Some(Finding::new(&open_requirements::RULE, "profile", start(profile), message))
}

fn merge(profiles: &[Profile]) -> View<'_> {
    let mut view = View::default();
    for profile in profiles {
        view.add(Bringer::Profile, &profile.config, &profile.devices);
    }
    view
}

/// Judges what layers brought: all of them, or one.
fn brought(view: &View<'_>, only: Option<usize>, lab: &LabName, findings: &mut Vec<Finding>) {
    let policy = Policy::built_in();
    let counts = |layer: usize| only.is_none_or(|only| layer == only);
    for (key, held) in view.config.iter().filter(|(_, held)| counts(held.layer)) {
        let Held { value: setting, bringer, .. } = *held;
        let before = findings.len();
        Judged { of: "config", key, setting, bringer, row: policy.config.get(key) }.findings(lab, findings);
        if let Some(replaced) = held.replaced.last() {
            for finding in &mut findings[before..] {
                let related = super::Related { origin: replaced.origin.clone(), message: "it replaces this".into() };
                finding.related.push(related);
            }
        }
    }
    for (name, held) in view.devices.iter().filter(|(_, held)| counts(held.layer)) {
        device::findings(name, held, lab, findings);
    }
}

fn empty_values(profile: &Profile, findings: &mut Vec<Finding>) {
    let empty = |keys: &BTreeMap<String, Setting>, of: &str, findings: &mut Vec<Finding>| {
        for (key, setting) in keys.iter().filter(|(_, setting)| setting.value.is_empty()) {
            let subject = format!("{of}.{}", excerpt(key, 128));
            let message = format!("`{}` is empty, which sets nothing", excerpt(key, 64));
            findings.push(Finding::new(&empty_value::RULE, subject, setting.origin.clone(), message));
        }
    };
    empty(&profile.config, "config", findings);
    for (name, device) in
        profile.devices.iter().filter(|(_, device)| device.keys.values().any(|key| key.value.is_empty()))
    {
        empty(&device.keys, &format!("devices.{}", excerpt(name, 128)), findings);
    }
}

/// The start of a profile's file.
pub(crate) fn start(profile: &Profile) -> Origin {
    let config = profile.config.values().map(|setting| &setting.origin);
    let origins = config.chain(profile.devices.values().map(|device| &device.origin));
    let place = origins.into_iter().find_map(|origin| match origin {
        Origin::File(place) => Some(place.source.place(0..0)),
        Origin::Named(_) => None,
    });
    place.map_or(Origin::named("a profile that sets nothing"), Origin::File)
}
