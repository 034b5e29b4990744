//! Which changes of a profile guests that run would feel.
//!
//! Incus applies a profile to them at once. What makes a guest tighter is applied all the same; what only moves it, or
//! takes away what it is using, waits until somebody says so.

use std::collections::BTreeSet;

use super::names;
use crate::incus::{InstanceWithState, Profile};
use crate::profile::{Difference, ProcessLimit, Size};

/// Keys of a card that Incus can't change in place, so that it takes the card out and puts in another one, and that contain
/// nothing. A key that does contain something is worth the lost connection.
const CARD: [&str; 5] = ["boot.priority", "hwaddr", "mtu", "name", "queue.tx.length"];

/// A limit, and what a guest uses of it.
struct Limited {
    key: &'static str,
    what: &'static str,
    amount: fn(&str) -> Option<u64>,
    used: fn(&InstanceWithState) -> i64,
    /// What the guest has of it, which is not this profile's where another one wins.
    has: fn(&InstanceWithState) -> Option<&String>,
}

const LIMITS: [Limited; 3] = [
    Limited {
        key: "config limits.memory",
        what: "bytes of memory",
        amount: size,
        used: |guest| guest.state.memory.usage,
        has: |guest| guest.instance.expanded_config.get("limits.memory"),
    },
    Limited {
        key: "config limits.processes",
        what: "processes",
        amount: |count| count.parse::<ProcessLimit>().ok()?.to_string().parse().ok(),
        used: |guest| guest.state.processes,
        has: |guest| guest.instance.expanded_config.get("limits.processes"),
    },
    Limited {
        key: "device root: size",
        what: "bytes of its disk",
        amount: size,
        used: |guest| guest.state.disk.get("root").map_or(0, |disk| disk.usage),
        has: |guest| guest.instance.expanded_devices.get("root")?.get("size"),
    },
];

fn size(text: &str) -> Option<u64> {
    text.parse::<Size>().ok().map(|size| size.bytes())
}

/// Whether it is worth to look at the guests at all.
pub(super) fn could(differences: &[Difference]) -> bool {
    differences.iter().any(|it| LIMITS.iter().any(|limit| limit.key == it.key) || is_card(&it.key))
}

/// The device and the key that a difference is about.
pub(super) fn device(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix("device ")?.split_once(": ")
}

fn is_card(key: &str) -> bool {
    device(key).is_some_and(|(_, key)| CARD.contains(&key))
}

/// Takes out what these guests, which run, would feel; each with the reason.
pub(super) fn take(
    differences: &mut Vec<Difference>,
    is: &Profile,
    guests: &[InstanceWithState],
) -> Vec<(Vec<Difference>, String)> {
    let mut held = Vec::new();
    let mut rest = Vec::new();
    for difference in differences.drain(..) {
        match below_use(&difference, guests) {
            Some(reason) => held.push((vec![difference], reason)),
            None => rest.push(difference),
        }
    }
    for name in rest.iter().filter_map(|it| device(&it.key)).map(|it| it.0.to_owned()).collect::<BTreeSet<_>>() {
        let of_it = |it: &&Difference| device(&it.key).is_some_and(|(device, _)| device == name);
        let is_nic = is.devices.get(&name).and_then(|device| device.get("type")).is_some_and(|kind| kind == "nic");
        let moves_only = rest.iter().filter(of_it).all(|it| is_card(&it.key));
        if is_nic && moves_only && !guests.is_empty() {
            let (of_it, others) = rest.into_iter().partition(|it| of_it(&it));
            rest = others;
            let guests = names(guests.iter().map(|guest| guest.instance.name.as_str()));
            held.push((of_it, format!("the card of guests that run would be taken out and put in again: {guests}")));
        }
    }
    *differences = rest;
    held
}

/// Why a limit can't be lowered now: a guest uses more.
fn below_use(difference: &Difference, guests: &[InstanceWithState]) -> Option<String> {
    let limit = LIMITS.iter().find(|limit| limit.key == difference.key)?;
    let new = difference.new.as_deref().and_then(limit.amount)?;
    let over: Vec<&InstanceWithState> = guests
        .iter()
        .filter(|guest| (limit.has)(guest) == difference.old.as_ref())
        .filter(|guest| u64::try_from((limit.used)(guest)).is_ok_and(|used| used > new))
        .collect();
    let most = over.iter().map(|guest| (limit.used)(guest)).max()?;
    let guests = names(over.iter().map(|guest| guest.instance.name.as_str()));
    Some(format!("guests that run use more than that, up to {most} {}: {guests}", limit.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(json: &str) -> InstanceWithState {
        serde_json::from_str(json).unwrap()
    }

    fn difference(key: &str, old: Option<&str>, new: Option<&str>) -> Difference {
        Difference { key: key.into(), old: old.map(Into::into), new: new.map(Into::into) }
    }

    fn profile() -> Profile {
        let nic = [("type", "nic"), ("network", "br0")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        Profile { devices: [("eth0".to_owned(), nic.into())].into(), ..Profile::default() }
    }

    #[test]
    fn a_limit_below_what_is_used_is_held_back() {
        let uses = r#"{"name":"a","expanded_config":{"limits.memory":"3GiB"},"state":{"memory":{"usage":2000000000}}}"#;
        let other = uses.replace("3GiB", "8GiB");
        for (guests, new, is_held) in [
            (vec![guest(uses)], "1GiB", true),
            (vec![guest(uses)], "2GiB", false),
            (vec![guest(&other)], "1GiB", false),
            (vec![], "1GiB", false),
        ] {
            let mut differences = vec![difference("config limits.memory", Some("3GiB"), Some(new))];
            assert!(could(&differences));
            let held = take(&mut differences, &profile(), &guests);
            assert_eq!(held.len(), usize::from(is_held), "{new}");
            assert_eq!(differences.len(), usize::from(!is_held));
            assert!(held.iter().all(|(_, reason)| reason.ends_with("bytes of memory: a")), "{held:?}");
        }
    }

    #[test]
    fn a_card_is_changed_for_the_sake_of_containment_only() {
        let runs = [guest(r#"{"name":"a"}"#)];
        let mtu = || difference("device eth0: mtu", Some("1400"), None);
        let mut differences = vec![mtu(), difference("config boot.autostart", None, Some("false"))];
        assert_eq!(take(&mut differences, &profile(), &runs).len(), 1);
        assert_eq!(differences.len(), 1);
        // It is taken out anyway then.
        let mut differences =
            vec![mtu(), difference("device eth0: security.port_isolation", Some("false"), Some("true"))];
        assert_eq!(take(&mut differences, &profile(), &runs), []);
        assert_eq!(differences.len(), 2);
        let mut differences = vec![mtu()];
        assert_eq!(take(&mut differences, &profile(), &[]), []);
        assert!(!could(&[difference("config security.guestapi", None, Some("false"))]));
    }
}
