//! What came of the probes: what the host saw, and what the guest said, put together. What neither knows is not known.

mod bridge;
mod inbound;
mod locks;
mod range;
mod settled;
mod sum;

use std::collections::BTreeMap;

use super::aim::Aims;
use super::host::{Knocked, Sniffer};
use super::locks::Locks;
use super::plan::Said;
use super::{ALL, EGRESS, Group, NET_ACL, NET_FENCE, Outcome, Probe, Set, Verdict, Witness};
use inbound::inbound;
use range::Range;
pub use settled::all_seen;

/// All that is known of the probes in one guest.
#[derive(Debug)]
pub struct Evidence<'e> {
    /// The number of the proof.
    pub nonce: u64,
    /// What was sent; or why nothing was.
    pub aims: Result<&'e Aims, String>,
    /// What the host saw of it; `None` where it could not look.
    pub sniffer: Option<&'e Sniffer>,
    /// What was sent to the guest; `None` where nothing was.
    pub knocked: Option<&'e Knocked>,
    /// The two firewalls; `None` where nobody looked.
    pub locks: Option<&'e Locks>,
    /// What the runner said.
    pub said: Vec<Said>,
    /// Why the runner did not get to its end.
    pub broken: Option<String>,
    /// What was seen from the host alone.
    pub outcomes: Vec<Outcome>,
}

const NOT_ROOT: &str = "the host did not look: only root may see its packets";

/// The outcomes of all probes, in their order. There is exactly one of each that is run in this set.
#[must_use]
pub fn judge(evidence: Evidence<'_>, set: Set) -> Vec<Outcome> {
    let Evidence { nonce, aims, sniffer, knocked, locks, said, broken, outcomes } = evidence;
    let mut found: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        found.entry(outcome.probe.id).or_default().push(outcome);
    }
    let ended = said.last() == Some(&Said::Ended) && broken.is_none();
    let wanted = demanded(aims.as_ref().ok().copied(), set);
    let why = match broken {
        Some(why) => why,
        None if ended => "it said nothing".into(),
        None => "the guest went silent".into(),
    };
    let answers = answers(&said);
    // Where the guest sees a part of it, what the host saw is not all.
    let is_asked = |probe: &Probe| probe != EGRESS || aims.as_ref().is_ok_and(|aims| aims.place.control.is_some());
    for probe in ALL.iter().filter(|probe| probe.witness == Witness::Both && is_asked(probe)) {
        if !answers.iter().any(|answer| answer.probe == *probe) {
            found.entry(probe.id).or_default().push(Outcome::could_not_tell(probe, "", &why));
        }
    }
    for outcome in answers {
        found.entry(outcome.probe.id).or_default().push(outcome);
    }
    let inbound = inbound(knocked, sniffer);
    found.entry(inbound.probe.id).or_default().push(inbound);
    match aims {
        Ok(aims) => {
            let run = said.iter().find_map(|said| match said {
                Said::Started { run, .. } => Some(*run),
                _ => None,
            });
            let not_sent = said.iter().filter_map(|said| match said {
                Said::NotSent { index, reason } => Some((*index, reason.clone())),
                _ => None,
            });
            let is_crowded = sniffer.is_some_and(Sniffer::is_crowded);
            let range = Range { nonce, run, aims, sniffer, not_sent: not_sent.collect(), is_crowded };
            let locks = match locks {
                Some(locks) => locks::locks(locks, aims, nonce),
                None => [NET_ACL, NET_FENCE].map(|probe| Outcome::could_not_tell(probe, "", "nobody looked")),
            };
            for outcome in range.outcomes().into_iter().chain(locks) {
                found.entry(outcome.probe.id).or_default().push(outcome);
            }
        }
        Err(ref reason) => {
            for probe in ALL.iter().filter(|probe| matches!(probe.group, Group::Network | Group::Controls)) {
                found.entry(probe.id).or_default().push(Outcome::could_not_tell(probe, "", reason));
            }
        }
    }
    let not_tried = |probe: &Probe| {
        let all = aims.as_ref().map_or(&[][..], |aims| &aims.not_tried);
        all.iter().find(|(of, _)| *of == probe).map(|(_, what)| what.as_str())
    };
    let outcome = |probe: &'static Probe| {
        let outcome = merge(probe, found.remove(probe.id).unwrap_or_default(), &why);
        not_tried(probe).map_or(outcome.clone(), |what| outcome.but_not(what))
    };
    wanted.into_iter().map(outcome).collect()
}

/// The probes of which a proof of this set has an outcome, for a guest that has these aims; all where nobody knows them.
#[must_use]
pub fn demanded(aims: Option<&Aims>, set: Set) -> Vec<&'static Probe> {
    // Where the public internet is open, or nothing is allowed, there is nothing to be tried.
    let is_tried =
        |probe: &Probe| probe.is_for_all() || aims.is_none_or(|aims| aims.all.iter().any(|aim| aim.probe == probe));
    let is_in = |probe: &Probe| set == Set::Full || probe.set == Set::Quick;
    ALL.iter().copied().filter(|probe| is_tried(probe) && is_in(probe)).collect()
}

/// What both firewalls, each for itself, would do with the packets of a proof: nothing is sent.
#[must_use]
pub fn firewalls(locks: &Locks, aims: Result<&Aims, String>) -> [Outcome; 2] {
    match aims {
        Ok(aims) => locks::locks(locks, aims, 0),
        Err(reason) => [NET_ACL, NET_FENCE].map(|probe| Outcome::could_not_tell(probe, "", &reason)),
    }
}

/// What the runner said of probes, where it is a witness: a guest may say that it got out, but not that it did not where the
/// host looks. An answer that comes twice is none: somebody else speaks, too.
fn answers(said: &[Said]) -> Vec<Outcome> {
    let mut found: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for said in said {
        let Said::Answer { probe, verdict, tried, came_back, millis } = said else { continue };
        let Some(probe) = Probe::find(probe) else { continue };
        if probe.witness == Witness::Host && *verdict != Verdict::NotContained {
            continue;
        }
        found.entry(probe.id).or_default().push(Outcome::new(probe, *verdict, tried, came_back).took(*millis));
    }
    let one = |mut all: Vec<Outcome>| {
        let open = all.iter().position(|outcome| outcome.verdict == Verdict::NotContained);
        let said = all.swap_remove(open.unwrap_or(0));
        if all.is_empty() || open.is_some() {
            return said;
        }
        Outcome::could_not_tell(said.probe, said.tried, "it was answered more than once")
    };
    found.into_values().map(one).collect()
}

/// One outcome of several: the worst, with what all of them say.
fn merge(probe: &'static Probe, mut all: Vec<Outcome>, why: &str) -> Outcome {
    all.sort_by_key(|outcome| std::cmp::Reverse(outcome.verdict));
    let Some(worst) = all.first().cloned() else { return Outcome::could_not_tell(probe, "", why) };
    let join = |field: fn(&Outcome) -> &str| {
        let same = all.iter().filter(|outcome| outcome.verdict == worst.verdict).map(field);
        let mut parts: Vec<&str> = same.filter(|part| !part.is_empty()).collect();
        parts.dedup();
        parts.join("; ")
    };
    let millis = all.iter().fold(0, |sum: u64, outcome| sum.saturating_add(outcome.millis));
    Outcome::new(probe, worst.verdict, join(|outcome| &outcome.tried), join(|outcome| &outcome.came_back)).took(millis)
}

/// A few of them, and how many there are.
fn summary<'t>(all: impl Iterator<Item = &'t str>) -> String {
    const SHOWN: usize = 4;
    let all: Vec<&str> = all.collect();
    let shown = all.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
