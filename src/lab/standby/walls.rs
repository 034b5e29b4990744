//! Whether both firewalls stand in front of a guest that stands by, as they are now.
//!
//! Its proof says what stood when it was proven. Since then somebody may have flushed one of the two, which nobody notices
//! as long as the other one stands. So the same is looked at as for the probes of the firewalls, and nothing is sent.

use ipnet::Ipv4Net;

use crate::fence::Fence;
use crate::incus::InstanceWithState;
use crate::lab::audit::holes_in;
use crate::lab::prove::{Shared, locks, place_in};
use crate::lab::{Lab, ProbeRecord, Receipt};
use crate::probe::host::HostFacts;
use crate::probe::{
    Aims, Locks, NET_ACL, NET_SIBLING, Place, Probe, Set, VSOCK, Verdict, Witness, demanded, firewalls,
};
use crate::text::excerpt;

/// What all guests of the lab share.
#[derive(Debug)]
pub(super) struct Walls {
    locks: Locks,
    facts: HostFacts,
    /// The host's own networks; why they are not known.
    host: Result<Vec<Ipv4Net>, String>,
    shared: Result<Shared, String>,
}

impl Walls {
    /// Looks at them; why that can't be done.
    pub(super) async fn now(lab: &Lab, fence: Option<&Fence>) -> Result<Self, String> {
        let facts = tokio::task::spawn_blocking(HostFacts::read).await.map_err(|error| error.to_string())?;
        let facts = facts.map_err(|error| format!("/proc/net can't be read: {error}"))?;
        let locks = locks(lab, fence).await;
        // Where nft does not say, the daemon does.
        let bound = crate::fence::bound().await.unwrap_or_default();
        let shared = Shared::now(lab, &facts, bound).await;
        let host = lab.host_addresses().await;
        let host = host.map_err(|error| error.to_string());
        let host = host.map(|all| all.into_iter().map(|(_, address)| address).collect());
        Ok(Self { locks, facts, host, shared })
    }

    /// Why a guest with this receipt must not be claimed, if there is a reason: it is kept in less well than when it was
    /// proven, or it was not proven as a launch of now would.
    pub(super) async fn hold(&self, lab: &Lab, guest: &InstanceWithState, receipt: &Receipt) -> Result<(), String> {
        let place = self.shared.as_ref().map_err(Clone::clone);
        let place = match place {
            Ok(shared) => place_in(lab, guest, shared).await,
            Err(why) => Err(why),
        };
        let aims = place.map(|place| Aims::new(place, &self.facts));
        let aims = aims.as_ref().map_err(Clone::clone);
        proven(receipt, aims.as_ref().ok().copied())?;
        for outcome in firewalls(&self.locks, aims.clone()) {
            as_then(receipt, outcome.probe, outcome.verdict, &outcome.came_back)?;
        }
        if let (Ok(Some(rules)), Ok(host)) = (self.locks.acl.as_ref().map(|lock| lock.rules.as_ref()), &self.host) {
            let first = holes_in(Some(rules), lab, host).into_iter().next();
            first.map_or(Ok(()), |hole| as_then(receipt, NET_ACL, Verdict::NotContained, &hole))?;
        } else {
            as_then(receipt, NET_ACL, Verdict::CouldNotTell, "it is not known what is the host's")?;
        }
        aims.map_or(Ok(()), |aims| apart(receipt, aims.place()))
    }
}

/// Whether the guest's card is still kept apart from all others on the bridge.
fn apart(receipt: &Receipt, place: &Place) -> Result<(), String> {
    let (verdict, why) = match (place.isolated, place.open_ports.as_deref()) {
        (Some(true), Some([])) => return Ok(()),
        (Some(false), _) => (Verdict::NotContained, "its port is not isolated"),
        (_, Some([_, ..])) => (Verdict::NotContained, "the bridge has a port that is not isolated"),
        _ => (Verdict::CouldNotTell, "the kernel does not say that its port is isolated"),
    };
    as_then(receipt, NET_SIBLING, verdict, why)
}

/// What could not be told when it was proven need not be told now: a launch says the same on this machine.
fn as_then(receipt: &Receipt, probe: &Probe, now: Verdict, why: &str) -> Result<(), String> {
    let could_not_tell = |then: &ProbeRecord| then.id == probe.id && then.verdict == Verdict::CouldNotTell;
    match now {
        Verdict::Contained => Ok(()),
        Verdict::CouldNotTell if receipt.probes.iter().any(could_not_tell) => Ok(()),
        Verdict::CouldNotTell => Err(format!("whether it is kept in can't be told now: {}: {why}", probe.id)),
        Verdict::NotContained => Err(format!("it is not kept in any more: {}: {why}", probe.id)),
    }
}

/// Whether every probe that a launch of now demands said that the guest is contained.
pub(super) fn proven(receipt: &Receipt, aims: Option<&Aims>) -> Result<(), String> {
    let is_there = |probe: &&Probe| receipt.probes.iter().any(|record| record.id == probe.id);
    match demanded(aims, Set::Quick).into_iter().find(|probe| !is_there(probe)) {
        Some(probe) => Err(format!("it was not proven by {}", probe.id)),
        None => contained(receipt),
    }
}

/// Whether the proof is good enough to stand by with. What the host looks at may not be told, as in every launch: that is
/// the machine's doing. What only the guest can tell must be told: its silence would be its own.
pub(super) fn contained(receipt: &Receipt) -> Result<(), String> {
    let is_enough = |record: &&ProbeRecord| match record.verdict {
        Verdict::Contained => true,
        Verdict::CouldNotTell => Probe::find(&record.id).is_some_and(is_of_machine),
        Verdict::NotContained => false,
    };
    match receipt.probes.iter().find(|record| !is_enough(record)) {
        None => Ok(()),
        Some(record) => Err(format!("{} did not say that it is contained", excerpt(&record.id, 64))),
    }
}

/// Whether it can be the machine's doing that a probe can't tell. Of sockets to the hypervisor, 32-bit programs get some
/// wherever the kernel has any, and no filter of Incus' looks into those calls.
fn is_of_machine(probe: &Probe) -> bool {
    probe.witness != Witness::Guest || probe == VSOCK
}

#[cfg(test)]
#[path = "walls_tests.rs"]
mod tests;
