//! The user ids that guests have on the host.

use serde::Deserialize;

use super::{Guest, LiveFacts};
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-ids",
    severity: Severity::Error,
    summary: "guests that share user ids of the host, or have ids that are the host's own",
    why: "Who escapes from a guest has its ids on the host. Where another guest has the same ones, the files and processes of \
          that guest are open to it; Incus 6.0 can give two guests that are made at once the same range.",
    remedy: "delete one of them and launch it anew",
    threats: &["lateral-movement", "privileged"],
    waivable: false,
    examples: &[],
};

/// Where the daemon writes down which ids a guest has, and which it has from its next start on.
const KEYS: [&str; 2] = ["volatile.idmap.current", "volatile.idmap.next"];
/// Ids below this are the host's own.
const HOST: u64 = 65_536;

/// A part of an id map, in the daemon's words.
#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "Hostid")]
    first: u64,
    #[serde(rename = "Maprange")]
    count: u64,
}

/// Some ids of a guest.
struct Range<'a> {
    first: u64,
    end: u64,
    guest: &'a Guest,
    /// Whether the guest is one that is to be judged, and not only its neighbour.
    is_asked: bool,
}

/// What is the matter with the ids of one guest.
enum Wrong {
    /// They are the host's own.
    HostsOwn,
    /// Nobody knows which it has.
    Unknown(String),
}

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let mut ranges: Vec<Range<'_>> = Vec::new();
    for (guest, is_asked) in facts.everyone() {
        let (found, wrong) = ranges_of(guest);
        ranges.extend(found.into_iter().map(|(first, end)| Range { first, end, guest, is_asked }));
        // Whether a neighbour shares ids with one that is to be judged must be known of all of them.
        match wrong {
            Some(Wrong::Unknown(message)) => findings.push(Finding::new(&RULE, "ids", guest.origin(), message)),
            Some(Wrong::HostsOwn) if is_asked => {
                let message = "ids of the guest are the host's own";
                findings.push(Finding::new(&RULE, "ids", guest.origin(), message));
            }
            Some(Wrong::HostsOwn) | None => {}
        }
    }
    ranges.sort_by_key(|range| (range.first, range.end, range.guest.name.as_str()));
    // The range that reaches furthest of all so far: what begins before its end shares ids with it.
    let mut furthest: Option<&Range<'_>> = None;
    for range in &ranges {
        if let Some(before) = furthest
            && range.first < before.end
            && before.guest.name != range.guest.name
        {
            findings.extend(shared(before, range));
        }
        if furthest.is_none_or(|before| range.end > before.end) {
            furthest = Some(range);
        }
    }
}

/// The ids that a guest has, and what is the matter with them.
fn ranges_of(guest: &Guest) -> (Vec<(u64, u64)>, Option<Wrong>) {
    let value = |key: &str| guest.expanded.config.get(key).filter(|map| !map.is_empty());
    let [current, next] = KEYS.map(value);
    // A virtual machine has none; that there is one is found elsewhere.
    if current.is_none() && guest.is_up && !guest.is_machine {
        let message = "it runs, and the daemon does not say which ids it has on the host";
        return (Vec::new(), Some(Wrong::Unknown(message.into())));
    }
    let (mut ranges, mut wrong) = (Vec::new(), None);
    for map in current.into_iter().chain(next) {
        let Ok(parts) = serde_json::from_str::<Vec<Part>>(map) else {
            wrong = Some(Wrong::Unknown(format!("its id map can't be read: `{}`", excerpt(map, 80))));
            continue;
        };
        let own = parts.iter().map(|part| (part.first, part.first.saturating_add(part.count)));
        let before = ranges.len();
        ranges.extend(own);
        // A map of nothing is what a privileged container has.
        if ranges.len() == before || ranges[before..].iter().any(|(first, _)| *first < HOST) {
            wrong.get_or_insert(Wrong::HostsOwn);
        }
    }
    ranges.sort_unstable();
    ranges.dedup();
    (ranges, wrong)
}

/// That two guests share ids, said of the later one, or of the one that is to be judged.
fn shared(before: &Range<'_>, later: &Range<'_>) -> Option<Finding> {
    let (about, other) = match (before.is_asked, later.is_asked) {
        (_, true) => (later, before),
        (true, false) => (before, later),
        (false, false) => return None,
    };
    let other = other.guest.origin();
    let message = format!("it has ids from {} on, and so has {}", later.first.max(before.first), other);
    Some(Finding::new(&RULE, "ids", about.guest.origin(), message))
}
