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

/// Where the daemon writes down which ids a guest has.
const KEY: &str = "volatile.idmap.current";
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

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let mut ranges: Vec<(u64, u64, &Guest)> = Vec::new();
    for guest in &facts.guests {
        let mut say = |message: String| findings.push(Finding::new(&RULE, "ids", guest.origin(), message));
        let Some(map) = guest.expanded.config.get(KEY).filter(|map| !map.is_empty()) else { continue };
        let Ok(parts) = serde_json::from_str::<Vec<Part>>(map) else {
            say(format!("its id map can't be read: `{}`", excerpt(map, 80)));
            continue;
        };
        // A map of nothing is what a privileged container has.
        let mut own: Vec<_> = parts.iter().map(|part| (part.first, part.first.saturating_add(part.count))).collect();
        if own.is_empty() || own.iter().any(|(first, _)| *first < HOST) {
            say("ids of the guest are the host's own".into());
        }
        own.sort_unstable();
        own.dedup();
        ranges.extend(own.into_iter().map(|(first, end)| (first, end, guest)));
    }
    ranges.sort_by_key(|(first, end, guest)| (*first, *end, guest.name.as_str()));
    // The range that reaches furthest of all so far: what begins before its end shares ids with it.
    let mut furthest: Option<(u64, &Guest)> = None;
    for (first, end, guest) in ranges {
        if let Some((reach, before)) = furthest
            && first < reach
            && before.name != guest.name
        {
            let message = format!("it has ids from {first} on, and so has guest {}", excerpt(&before.name, 64));
            findings.push(Finding::new(&RULE, "ids", guest.origin(), message));
        }
        if furthest.is_none_or(|(reach, _)| end > reach) {
            furthest = Some((end, guest));
        }
    }
}
