//! The lab's guests, in the words of the rules.

use super::fetch::Fetch;
use crate::incus::{Acl, Config, Instance, InstanceKind, InstanceWithState, Profile};
use crate::lab::guests::{LAUNCH_KEY, STATE_KEY};
use crate::lab::{Digests, ProbeRecord, Readiness, Receipt, digests};
use crate::names::GuestName;
use crate::probe::{ALL, Probe, Set, Verdict};
use crate::profile::Layer;
use crate::rules::live::{Guest, Launch, Mismatch, Proof, ReceiptFacts, Used};
use crate::text::excerpt;

/// Why nothing can be said of an instance that the daemon can't read.
pub(super) const UNREAD: &str = "the daemon can't read it, and says only its name";

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
        if instance.is_unread() {
            fetch.report.fail(format!("guest {}", instance.name), UNREAD);
            continue;
        }
        let mark = fetch.lab.mark();
        guests.push(Guest { is_marked: mark.is_on(&instance.config), ..guest(found, used_by, &now) });
    }
    guests
}

/// Those that are to be judged, which are counted, and the others. Without names all are.
pub(super) fn asked(guests: Vec<Guest>, names: &[GuestName], fetch: &mut Fetch<'_>) -> (Vec<Guest>, Vec<Guest>) {
    let is_asked = |guest: &Guest| names.is_empty() || names.iter().any(|name| guest.name == name.as_str());
    let (asked, others): (Vec<_>, Vec<_>) = guests.into_iter().partition(is_asked);
    let marked = asked.iter().filter(|guest| guest.is_marked).count();
    fetch.count("guest", marked);
    fetch.count("other instance", asked.len() - marked);
    (asked, others)
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
        description: instance.description.clone(),
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
    ReceiptFacts::Read {
        mismatches: receipt.mismatches(instance),
        changes: receipt.digests.as_ref().map_or_else(Vec::new, |then| changes(&receipt.profiles, then, now)),
        is_old: receipt.digests.is_none(),
        is_anybodys: receipt.guest.is_none(),
        proof: proof(&receipt.probes),
        base: receipt.base,
        gateway: receipt.gateway,
    }
}

/// What probes said, as far as it is not "contained". A launch of today runs the quick set.
fn proof(probes: &[ProbeRecord]) -> Proof {
    let that_say = |verdict| {
        let found = probes.iter().filter(|probe| probe.verdict == verdict);
        found.map(|probe| probe.id.clone()).collect()
    };
    let is_there = |wanted: &Probe| probes.iter().any(|probe| probe.id == wanted.id);
    let wanted = ALL.iter().filter(|probe| probe.set == Set::Quick && probe.is_for_all());
    Proof {
        escapes: that_say(Verdict::NotContained),
        unknown: that_say(Verdict::CouldNotTell),
        missing: wanted.filter(|probe| !is_there(probe)).map(|probe| probe.id.to_owned()).collect(),
        is_empty: probes.is_empty(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdicts: &[(&str, Verdict)]) -> Proof {
        let record =
            |&(id, verdict): &(&str, Verdict)| ProbeRecord { id: id.into(), verdict, came_back: String::new() };
        proof(&verdicts.iter().map(record).collect::<Vec<_>>())
    }

    #[test]
    fn a_receipt_has_to_say_of_each_probe_of_a_launch_that_it_was_contained() {
        let quick = ALL.iter().filter(|probe| probe.set == Set::Quick && probe.is_for_all());
        let all: Vec<_> = quick.map(|probe| (probe.id, Verdict::Contained)).collect();
        assert_eq!(said(&all), Proof::default());
        let [(first, _), rest @ ..] = all.as_slice() else { panic!() };
        let part = said(rest);
        assert_eq!((part.missing, part.is_empty), (vec![(*first).to_owned()], false));
        let with = |verdict| said(&[rest, &[(*first, verdict)]].concat());
        assert_eq!(with(Verdict::CouldNotTell).unknown, [*first]);
        assert_eq!(with(Verdict::NotContained).escapes, [*first]);
        let none = said(&[]);
        assert_eq!((none.missing.len(), none.is_empty), (all.len(), true));
    }
}
