//! What confines a container's processes: no new privileges, seccomp, labels, masks, its user.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::unit_file::Entry;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-confinement",
    severity: Severity::Error,
    summary: "a container that is confined less than Podman does by default, or can gain privileges",
    why: "Seccomp, AppArmor, labels and masked paths keep a container from most of the kernel. Without \
          `NoNewPrivileges=true` a set-user-id program in the image makes its caller root in the container.",
    remedy: "write `NoNewPrivileges=true`, and leave the other protections as Podman sets them",
    threats: &["kernel-surface", "apparmor"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("SeccompProfile=unconfined"),
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

/// Keys that must be false if they are there.
const OFF: [(&str, &str); 2] = [
    ("SecurityLabelDisable", "labels do not separate the container any more"),
    ("SecurityLabelNested", "the container may change labels"),
];
/// Keys that must not be there.
const ABSENT: [(&str, &str); 8] = [
    ("SeccompProfile", "another filter of system calls than Podman's own is used"),
    ("AppArmor", "another AppArmor profile than Podman's own is used"),
    ("Unmask", "paths of the kernel that Podman hides are shown to the container"),
    ("SecurityLabelType", "another label than Podman's own is used"),
    ("SecurityLabelLevel", "another label than Podman's own is used"),
    ("SecurityLabelFileType", "another label than Podman's own is used"),
    ("GroupAdd", "the container is in more groups"),
    ("Sysctl", "settings of the kernel are changed for the container"),
];

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    let mut add = |entry: &Entry, message: &str| found.add(&RULE, subject(entry), entry.bytes.clone(), message);
    for (key, message) in OFF {
        quadlet.all(key).filter(|entry| entry.as_bool() != Some(false)).for_each(|entry| add(entry, message));
    }
    for (key, message) in ABSENT {
        quadlet.all(key).filter(|entry| !entry.plain().is_empty()).for_each(|entry| add(entry, message));
    }
    for entry in quadlet.all("User").filter(|entry| is_root(entry.plain())) {
        add(entry, "the container's processes run as its root");
    }
    let group = |entry: &&Entry| entry.plain().split_once(':').is_some_and(|(_, group)| is_root(group));
    for entry in quadlet.all("User").filter(group).chain(quadlet.all("Group").filter(|entry| is_root(entry.plain()))) {
        add(entry, "the container's processes are in its root's group");
    }
    for entry in
        quadlet.all("User").filter(|entry| entry.value.contains('%') || (quadlet.drop_in && entry.value.is_empty()))
    {
        add(entry, "cannot tell as whom the container's processes run");
    }
    for entry in quadlet.all("NoNewPrivileges").filter(|entry| entry.as_bool() != Some(true)) {
        add(entry, "the container's processes can gain privileges");
    }
    if quadlet.is_whole_container() && quadlet.all("NoNewPrivileges").next().is_none() {
        let message = "`NoNewPrivileges=true` is missing";
        found.add(&RULE, quadlet.subject("NoNewPrivileges"), quadlet.heading(), message);
    }
}

/// Whether `USER[:GROUP]` is root.
pub(in crate::rules) fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default().trim();
    name == "root" || name.parse::<i64>().is_ok_and(|id| id == 0)
}
