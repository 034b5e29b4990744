//! All rules that are built in.

use super::{
    Rule, apparmor, cloud_config, file, json, lab_file, live, openclaw, own, packages, profile, quadlet, secrets,
    server, shell, template, waiver, yaml,
};

/// The rules of each module.
const ALL: [&[&Rule]; 17] = [
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
    server::RULES,
    live::RULES,
];

/// The modules whose rules judge objects of a daemon and no files: no example in a file can break them. Each is tried on a
/// real daemon in tests/incus.
const OF_THE_DAEMON: [&[&Rule]; 2] = [server::RULES, live::RULES];

/// All rules, by subject.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.into_iter().flatten().copied()
}

/// The rules that judge objects of a daemon, and are run by `podclaw audit` alone.
pub fn of_the_daemon() -> impl Iterator<Item = &'static Rule> {
    OF_THE_DAEMON.into_iter().flatten().copied()
}

/// The rule with an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}
