//! What is not the lab's, and has devices.

use std::collections::BTreeMap;

use super::ServerFacts;
use crate::incus::{Devices, Network};
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule};
use crate::text::excerpt;

/// An instance or a profile of another project.
pub(super) struct Stranger<'a> {
    kind: &'static str,
    name: &'a str,
    project: &'a str,
    devices: &'a Devices,
}

/// The instances and profiles of other projects, the instances with what profiles bring them.
pub(super) fn strangers<'a>(facts: &'a ServerFacts, lab: &LabName) -> impl Iterator<Item = Stranger<'a>> {
    let instances = facts.instances.iter().map(|it| Stranger {
        kind: "instance",
        name: &it.name,
        project: &it.project,
        devices: &it.expanded_devices,
    });
    let profiles = facts.profiles.iter().map(|it| Stranger {
        kind: "profile",
        name: &it.name,
        project: &it.project,
        devices: &it.devices,
    });
    let own = lab.project();
    instances.chain(profiles).filter(move |stranger| stranger.project != own)
}

impl Stranger<'_> {
    /// Its devices of a type.
    pub(super) fn of_type(&self, wanted: &str) -> impl Iterator<Item = (&str, &BTreeMap<String, String>)> {
        let is_wanted = move |device: &BTreeMap<String, String>| device.get("type").is_some_and(|kind| kind == wanted);
        self.devices.iter().filter(move |(_, device)| is_wanted(device)).map(|(name, device)| (name.as_str(), device))
    }

    /// A finding about one of its devices.
    pub(super) fn finding(&self, rule: &'static Rule, device: &str, message: String) -> Finding {
        let (kind, name, project) = (self.kind, excerpt(self.name, 64), excerpt(self.project, 64));
        let subject = format!("projects.{project}.{kind}s.{name}.devices.{}", excerpt(device, 64));
        Finding::new(rule, subject, Origin::named(format!("{kind} {name} of the project {project}")), message)
    }
}

/// Whether a network is the lab's own, which lives in the project `default`.
pub(super) fn is_labs_network(network: &Network, lab: &LabName) -> bool {
    network.name == lab.network() && matches!(network.project.as_str(), "" | "default")
}

/// The project that an API path names; `default` where it names none.
pub(super) fn project_of(path: &str) -> &str {
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    query.split('&').find_map(|pair| pair.strip_prefix("project=")).unwrap_or("default")
}
