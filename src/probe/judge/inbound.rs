//! What became of the packets that were sent to the guest.

use super::{NOT_ROOT, summary};
use crate::probe::host::{Knocked, Reach, Sniffer};
use crate::probe::{NET_INBOUND, Outcome};

/// What became of the packets that were sent to the guest.
pub(super) fn inbound(knocked: Option<&Knocked>, sniffer: Option<&Sniffer>) -> Outcome {
    let probe = NET_INBOUND;
    let (Some(knocked), Some(sniffer)) = (knocked, sniffer) else {
        let why = if sniffer.is_some() { "nothing was sent to the guest" } else { NOT_ROOT };
        return Outcome::could_not_tell(probe, "", why);
    };
    let reached = knocked.reached(sniffer);
    let tried = summary(reached.iter().map(|(what, _)| &**what));
    let card = reached.iter().filter(|(_, reach)| *reach == Reach::Card).map(|(what, _)| format!("{what} got to it"));
    let card: Vec<String> = card.collect();
    if !card.is_empty() {
        return Outcome::not_contained(probe, tried, summary(card.iter().map(String::as_str)));
    }
    let unknown = reached.iter().find_map(|(what, reach)| match reach {
        Reach::Unknown(why) => Some(format!("{what}: {why}")),
        _ => None,
    });
    match unknown {
        Some(why) => Outcome::could_not_tell(probe, tried, why),
        None => Outcome::contained(probe, tried, format!("{} packets did not get to its card", reached.len())),
    }
}
