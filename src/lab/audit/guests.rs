//! The lab's guests, in the words of the rules.

use super::fetch::Fetch;
use crate::incus::{Acl, Config, Instance, InstanceKind, InstanceWithState, Profile, Status};
use crate::lab::guests::{LAUNCH_KEY, STATE_KEY};
use crate::lab::{Digests, Readiness, Receipt, digests};
use crate::probe::Verdict;
use crate::profile::Layer;
use crate::rules::live::{Guest, Launch, Mismatch, ReceiptFacts, Used};
use crate::text::excerpt;

/// What is there now of what a receipt has digests of.
struct Now {
    profiles: Vec<(String, crate::digest::Sha256)>,
    acl: Option<crate::digest::Sha256>,
}

/// The guests, with the snapshots that are in the pool. One that the daemon can't read itself is a failure.
pub(super) fn facts(
    instances: &[InstanceWithState],
    used_by: &[Used],
    profiles: &[Profile],
    acl: Option<&Acl>,
    fetch: &mut Fetch<'_>,
) -> Vec<Guest> {
    let digest = |profile: &Profile| (profile.name.clone(), digests::profile(profile));
    let now = Now { profiles: profiles.iter().map(digest).collect(), acl: acl.map(digests::acl) };
    let mut guests = Vec::new();
    for found in instances {
        let instance = &found.instance;
        if instance.status == Status::Error && instance.expanded_config.is_empty() {
            fetch.report.fail(format!("guest {}", instance.name), "the daemon can't read it, and says only its name");
            continue;
        }
        let mark = fetch.lab.mark();
        guests.push(Guest { is_marked: mark.is_on(&instance.config), ..guest(found, used_by, &now) });
    }
    let marked = guests.iter().filter(|guest| guest.is_marked).count();
    fetch.count("guest", marked);
    fetch.count("other instance", guests.len() - marked);
    guests
}

fn guest(found: &InstanceWithState, used_by: &[Used], now: &Now) -> Guest {
    let instance = &found.instance;
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let mut snapshots: Vec<String> = found.snapshots.iter().map(|snapshot| last(&snapshot.name)).collect();
    // The list of guests may leave them out; the pool has them all the same.
    let in_pool = used_by.iter().filter(|used| used.kind == "snapshots" && used.project == instance.project);
    let in_pool = in_pool.filter_map(|used| used.name.split_once('/')).filter(|(guest, _)| *guest == instance.name);
    snapshots.extend(in_pool.map(|(_, snapshot)| snapshot.to_owned()));
    snapshots.sort();
    snapshots.dedup();
    Guest {
        name: instance.name.clone(),
        is_marked: false,
        is_machine: instance.kind == InstanceKind::VirtualMachine,
        is_ephemeral: instance.ephemeral,
        is_up: instance.status.is_up(),
        launch: launch(&instance.config),
        launch_id: instance.config.get(LAUNCH_KEY).cloned(),
        own: Layer { config: instance.config.clone(), devices: instance.devices.clone() },
        expanded: Layer { config: instance.expanded_config.clone(), devices: instance.expanded_devices.clone() },
        snapshots,
        backups: found.backups.iter().map(|backup| last(&backup.name)).collect(),
        receipt: receipt(instance, now),
    }
}

fn launch(config: &Config) -> Launch {
    match Readiness::read(config.get(STATE_KEY)) {
        Readiness::Launching | Readiness::Filling | Readiness::Baking => Launch::Running,
        Readiness::Ready | Readiness::Standby => Launch::Done,
        Readiness::Failed => Launch::Failed,
        Readiness::Unknown => Launch::Unknown,
    }
}

fn receipt(instance: &Instance, now: &Now) -> ReceiptFacts {
    let Some(receipt) = Receipt::read(&instance.config) else {
        let is_there = instance.config.contains_key(Receipt::KEY);
        return if is_there { ReceiptFacts::Unreadable } else { ReceiptFacts::Missing };
    };
    let escapes = receipt.probes.iter().filter(|probe| probe.verdict == Verdict::NotContained);
    ReceiptFacts::Read {
        mismatches: receipt.mismatches(instance),
        changes: receipt.digests.as_ref().map_or_else(Vec::new, |then| changes(&receipt.profiles, then, now)),
        is_old: receipt.digests.is_none(),
        escapes: escapes.map(|probe| probe.id.clone()).collect(),
        base: receipt.base,
        gateway: receipt.gateway,
    }
}

/// What changed around a guest since it was launched.
fn changes(profiles: &[String], then: &Digests, now: &Now) -> Vec<Mismatch> {
    let mut changes = Vec::new();
    let of = |name: &String| now.profiles.iter().find(|(known, _)| known == name).map(|(_, digest)| digest);
    let changed = profiles.iter().zip(&then.profiles).filter(|(name, digest)| of(name) != Some(*digest));
    let changed: Vec<String> = changed.map(|(name, _)| excerpt(name, 64)).collect();
    if !changed.is_empty() {
        let message = format!("these of its profiles were changed since it was launched: {}", changed.join(", "));
        changes.push(Mismatch { subject: "profile-content", message });
    }
    if then.acl != now.acl {
        let message = "the lab's ACL has other rules than when it was launched".into();
        changes.push(Mismatch { subject: "acl", message });
    }
    if then.policy != crate::policy::digest() {
        let message = "it was launched by the policy of another podclaw than the one that judges it now".into();
        changes.push(Mismatch { subject: "policy", message });
    }
    changes
}
