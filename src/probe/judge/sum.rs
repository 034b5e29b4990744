//! What all packets of one probe say together.

use std::net::IpAddr;

use super::range::{Fate, Range};
use super::summary;
use crate::probe::aim::{Aim, Meaning};
use crate::probe::host::Uplink;
use crate::probe::{EGRESS, NET_ALLOWED, NET_METADATA, NET_PUBLIC, NET_RESERVED, NET_RESOLVERS, Outcome, Probe};

/// Probes of addresses that the host may reach through others, so that not to be seen leaving may have another reason than to
/// be kept off.
const LEAD_ON: [&Probe; 5] = [NET_RESERVED, NET_METADATA, NET_RESOLVERS, NET_PUBLIC, NET_ALLOWED];

impl Range<'_> {
    pub(super) fn sum(&self, probe: &'static Probe, fates: &[(&Aim, Fate)]) -> Outcome {
        let tried = summary(fates.iter().map(|(aim, _)| &*aim.what));
        if probe == EGRESS {
            return control(tried, fates);
        }
        let went: Vec<String> = fates
            .iter()
            .filter_map(|(aim, fate)| match fate {
                Fate::Went(how) => Some(format!("{} {how}", aim.what)),
                _ => None,
            })
            .collect();
        if !went.is_empty() {
            return Outcome::not_contained(probe, tried, summary(went.iter().map(String::as_str)));
        }
        let unknown = fates.iter().filter_map(|(aim, fate)| match fate {
            Fate::Unknown(why) => Some(format!("{}: {why}", aim.what)),
            _ => None,
        });
        let unknown: Vec<String> = unknown.collect();
        if let Some(first) = unknown.first() {
            let said = format!("{} of {} packets are not accounted for; {first}", unknown.len(), fates.len());
            return Outcome::could_not_tell(probe, tried, said);
        }
        let count = fates.len();
        if LEAD_ON.contains(&probe) {
            let uplink = |(aim, _): &(&Aim, Fate)| match aim.shot.to {
                IpAddr::V4(to) => self.aims.routes.uplink(to),
                IpAddr::V6(_) => Uplink::None,
            };
            if let Some((aim, _)) = fates.iter().find(|fate| uplink(fate) == Uplink::Silent) {
                let said = format!("{}: nobody answers the host at the other end of its way there", aim.what);
                return Outcome::could_not_tell(probe, tried, said);
            }
            if fates.iter().all(|fate| uplink(fate) == Uplink::None) {
                return Outcome::contained(probe, tried, format!("{count} packets came in; the host has no way on"));
            }
        }
        Outcome::contained(probe, tried, format!("{count} packets came in and went no further"))
    }
}

/// What must be reached. One of several is enough to show that the network is alive.
fn control(tried: String, fates: &[(&Aim, Fate)]) -> Outcome {
    let not: Vec<&str> =
        fates.iter().filter(|(_, fate)| !matches!(fate, Fate::Went(_))).map(|(aim, _)| &*aim.what).collect();
    let unknown = fates.iter().find_map(|(_, fate)| match fate {
        Fate::Unknown(why) => Some(why),
        _ => None,
    });
    let is_sealed = fates.iter().any(|(aim, _)| aim.meaning == Meaning::Arrive);
    let came_back = match (is_sealed, fates.len() - not.len(), unknown) {
        (true, 1.., _) => "nothing is allowed; it got as far as to the bridge".into(),
        (false, went @ 1.., _) if not.is_empty() => match went {
            1 => "it was seen leaving the host".into(),
            went => format!("all {went} were seen leaving the host"),
        },
        (false, 1.., _) => format!("seen leaving the host, but not {}", summary(not.into_iter())),
        (_, _, Some(why)) => return Outcome::could_not_tell(EGRESS, tried, why),
        (true, ..) => return Outcome::could_not_tell(EGRESS, tried, "the host did not take it in"),
        (false, ..) => {
            return Outcome::could_not_tell(EGRESS, tried, "it did not leave the host; name an address with --control");
        }
    };
    Outcome::contained(EGRESS, tried, came_back)
}
