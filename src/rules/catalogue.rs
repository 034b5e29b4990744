//! All rules that are built in.

use super::{
    Rule, apparmor, cloud_config, file, json, lab_file, openclaw, own, packages, profile, quadlet, secrets, server,
    shell, template, waiver, yaml,
};

/// The rules that judge no file but a daemon as it is, of each module. Nobody can write an example of that down: what
/// they find is shown by tests that make it so.
const LIVE: [&[&Rule]; 1] = [server::RULES];

/// The rules that judge files, of each module.
const FILES: [&[&Rule]; 15] = [
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
    FILES.into_iter().chain(LIVE).flatten().copied()
}

/// Whether a rule judges no file but a daemon as it is.
#[must_use]
pub fn is_live(rule: &Rule) -> bool {
    LIVE.into_iter().flatten().any(|live| live.id == rule.id)
}

/// The rule with an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
