//! Judges what can only be seen on the whole: what is not there, what is there twice.

use super::device::type_origin;
use super::setting::missing;
use super::view::{self, Held, View};
use super::{missing_device, second_disk};
use crate::place::Origin;
use crate::policy::Policy;
use crate::profile::Device;
use crate::rules::Finding;
use crate::text::excerpt;

/// A device that every guest needs.
struct Needed {
    kind: &'static str,
    /// The name that it has in the profile `guest`.
    usual: &'static str,
    what: &'static str,
    why: &'static str,
}

const NEEDED: [Needed; 2] = [
    Needed {
        kind: "disk",
        usual: "root",
        what: "root disk",
        why: "a guest's files must be in the lab's pool, with a size",
    },
    Needed {
        kind: "nic",
        usual: "eth0",
        what: "network card",
        why: "a guest must be on the lab's network, and podclaw must see its address",
    },
];

/// What every guest needs and this does not have, in words: `limits.cpu`, `a root disk`.
pub(super) fn open(view: &View<'_>) -> Vec<String> {
    let required = Policy::built_in().config.required().map(|(key, _)| key);
    let keys = required.filter(|key| !view.config.contains_key(key)).map(str::to_owned);
    let devices = NEEDED.iter().filter(|needed| of_kind(view, needed.kind).next().is_none());
    keys.chain(devices.map(|needed| format!("a {}", needed.what))).collect()
}

/// A finding for each thing that every guest needs and this does not have. `whole` is what all of it is called.
pub(super) fn lacking(view: &View<'_>, whole: &'static str, findings: &mut Vec<Finding>) {
    for (key, row) in Policy::built_in().config.required().filter(|(key, _)| !view.config.contains_key(key)) {
        findings.push(missing(row, &format!("config.{key}"), key, Origin::named(whole)));
    }
    for needed in NEEDED.iter().filter(|needed| of_kind(view, needed.kind).next().is_none()) {
        findings.push(lacking_device(view, needed, whole));
    }
}

fn lacking_device(view: &View<'_>, needed: &Needed, whole: &'static str) -> Finding {
    let Needed { kind, usual, what, why } = needed;
    let lost = view.devices.iter().find_map(|(name, held)| {
        let before = held.replaced.iter().rev().find(|device| view::kind(device) == Some(kind))?;
        Some((name, held, before))
    });
    let Some((name, held, before)) = lost else {
        let message = format!("there is no {what}: {why}");
        return Finding::new(&missing_device::RULE, format!("devices.{usual}"), Origin::named(whole), message);
    };
    let (name, shown) = (excerpt(name, 128), excerpt(view::kind(held.value).unwrap_or("nothing"), 32));
    let message = format!("`{name}`, of type `{shown}`, takes away the {what}: {why}");
    Finding::new(&missing_device::RULE, format!("devices.{name}"), type_origin(held.value), message)
        .related(before.origin.clone(), format!("the {what} that is taken away"))
}

/// A finding for each root disk but the first.
pub(super) fn second_disks(view: &View<'_>, findings: &mut Vec<Finding>) {
    let is_root = |device: &Device| view::key(device, "path").is_some_and(|path| path.value == "/");
    let mut roots: Vec<_> = of_kind(view, "disk").filter(|(_, held)| is_root(held.value)).collect();
    roots.sort_by_key(|(name, held)| (held.layer, *name));
    let Some(((first, root), others)) = roots.split_first() else { return };
    for (name, held) in others {
        let message = format!("`{}` is a second root disk beside `{}`", excerpt(name, 64), excerpt(first, 64));
        let subject = format!("devices.{}", excerpt(name, 128));
        let finding = Finding::new(&second_disk::RULE, subject, type_origin(held.value), message);
        findings.push(finding.related(root.value.origin.clone(), "the first root disk"));
    }
}

fn of_kind<'v, 'a>(view: &'v View<'a>, kind: &'static str) -> impl Iterator<Item = (&'a str, &'v Held<'a, Device>)> {
    view.devices.iter().map(|(name, held)| (*name, held)).filter(move |(_, held)| view::kind(held.value) == Some(kind))
}
