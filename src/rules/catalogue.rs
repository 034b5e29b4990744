//! All rules that are built in.

use super::{
    Rule, apparmor, cloud_config, file, json, lab_file, openclaw, own, packages, profile, quadlet, secrets, shell,
    template, waiver, yaml,
};

/// The rules of each module.
const ALL: [&[&Rule]; 15] = [
    profile::RULES,
    cloud_config::RULES,
    template::RULES,
    shell::RULES,
    quadlet::RULES,
    openclaw::RULES,
    apparmor::RULES,
    packages::RULES,
    lab_file::RULES,
    secrets::RULES,
    yaml::RULES,
    json::RULES,
    file::RULES,
    waiver::RULES,
    own::RULES,
];

/// All rules, by subject.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.into_iter().flatten().copied()
}

/// The rule with an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
