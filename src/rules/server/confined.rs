//! What somebody who may use only certain projects can do by them.

use crate::incus::Project;
use crate::names::LabName;
use crate::profile::is_true;
use crate::text::excerpt;

/// The restrictions of a project that keep its guests from the host, each with the values that do; without a value each does.
const WALLS: [(&str, &[&str]); 15] = [
    ("restricted.containers.interception", &["allow", "block"]),
    ("restricted.containers.lowlevel", &["block"]),
    ("restricted.containers.privilege", &["isolated", "unprivileged"]),
    ("restricted.devices.disk", &["block", "managed"]),
    ("restricted.devices.gpu", &["block"]),
    ("restricted.devices.infiniband", &["block"]),
    ("restricted.devices.pci", &["block"]),
    ("restricted.devices.proxy", &["block"]),
    ("restricted.devices.unix-block", &["block"]),
    ("restricted.devices.unix-char", &["block"]),
    ("restricted.devices.unix-hotplug", &["block"]),
    ("restricted.devices.usb", &["block"]),
    ("restricted.idmap.gid", &[]),
    ("restricted.idmap.uid", &[]),
    ("restricted.virtual-machines.lowlevel", &["block"]),
];

/// How a project leads out of itself, to the host or into the lab: what whoever may change all in it can do, as a fragment.
/// Nothing where it does not.
pub(super) fn way_out(project: &Project, lab: &LabName) -> Option<String> {
    let name = excerpt(&project.name, 64);
    let value = |key: &str| project.config.get(key).map_or("", String::as_str);
    if !is_true(value("restricted")) {
        return Some(format!("is as good as root on this machine, as nothing restricts the project {name}"));
    }
    let is_open = |(key, walls): &&(&str, &[&str])| !value(key).is_empty() && !walls.contains(&value(key));
    if let Some((key, _)) = WALLS.iter().find(is_open) {
        let value = excerpt(value(key), 32);
        return Some(format!("may get to the host, as the project {name} has `{key}: {value}`"));
    }
    let network = lab.network();
    let networks = value("restricted.networks.access");
    let is_listed = networks.is_empty() || networks.split(',').any(|listed| listed.trim() == network);
    // Networks of its own are the only managed ones that such a project has.
    let has_own = is_true(value("features.networks"));
    let may_attach = match value("restricted.devices.nic") {
        "block" => false,
        "" | "managed" => is_listed && !has_own,
        _ => is_listed,
    };
    may_attach.then(|| format!("may put guests of the project {name} on the lab's network, beside the lab's own"))
}
