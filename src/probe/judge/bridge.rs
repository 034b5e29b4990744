//! What is told by the bridge itself, and by frames that no packet is in.

use super::range::Range;
use crate::probe::host::ArpRequest;
use crate::probe::{NET_ARP, NET_LAN, NET_SIBLING, Outcome, Probe};

impl Range<'_> {
    pub(super) fn arp(&self) -> Outcome {
        let (from, to) = self.aims.plan().arp;
        let tried = format!("who has {to}? tell {from}");
        let index = u16::try_from(self.aims.all.len()).unwrap_or(u16::MAX);
        if let Err(reason) = self.seen(index) {
            return Outcome::could_not_tell(NET_ARP, tried, reason);
        }
        let seen = self.sniffer.map_or_else(Vec::new, |sniffer| sniffer.arp(from, to));
        // Whatever else stands in it: that address was asked for in the name of the other one, beyond the guest's port.
        if seen.len() > 1 || seen.iter().any(|request| request.is_leaving) {
            return Outcome::not_contained(NET_ARP, tried, "it passed the bridge");
        }
        if let Some(doubt) = self.doubt(index) {
            return Outcome::could_not_tell(NET_ARP, tried, doubt);
        }
        // One with another hardware address is kept off by what has nothing to do with this.
        match seen.first() {
            None => Outcome::could_not_tell(NET_ARP, tried, "the host did not see it come in"),
            Some(request) if *request == ArpRequest::made(self.aims.place.mac, from, to) => {
                Outcome::contained(NET_ARP, tried, "it came in and went no further")
            }
            Some(_) => Outcome::could_not_tell(NET_ARP, tried, "what came in is not what was to be sent"),
        }
    }

    /// What is to be said where there is nothing to shoot at.
    pub(super) fn without_aims(&self) -> Vec<Outcome> {
        let has = |probe: &'static Probe| self.aims.all.iter().any(|aim| aim.probe == probe);
        let mut outcomes = Vec::new();
        if !has(NET_LAN) {
            let said = "the host knows no neighbour that answers it";
            outcomes.push(Outcome::could_not_tell(NET_LAN, "the host's neighbours and gateways", said));
        }
        // Where the host's firewall looks at bridged packets, too, it may stop those that were sent. Other frames it lets by.
        let tried = "the ports of the bridge, by the host's kernel";
        let place = &self.aims.place;
        outcomes.push(match (place.isolated, place.open_ports.as_ref()) {
            (Some(false), _) => Outcome::not_contained(NET_SIBLING, tried, "the port is not isolated"),
            // Isolated ports are kept apart from each other, and from no other.
            (Some(true), Some(open)) if !open.is_empty() => {
                let said = format!("the bridge has ports that are not isolated: {}", open.join(", "));
                Outcome::not_contained(NET_SIBLING, tried, said)
            }
            (Some(true), Some(_)) => {
                Outcome::contained(NET_SIBLING, tried, "the port is isolated, and so is any other")
            }
            _ => Outcome::could_not_tell(NET_SIBLING, tried, "the kernel does not say which ports are isolated"),
        });
        outcomes
    }
}
