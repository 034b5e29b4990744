//! What is wrong with a waiver.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use jiff::{ToSpan as _, Unit};

use super::file::{self, At, Entry, Waivers, Written};
use super::{duplicate, expired, too_wide, unjustified, unknown_rule};
use crate::place::Place;
use crate::rules::{Finding, Rule, catalogue};
use crate::text::excerpt;

/// How many days a waiver may hold.
const LONGEST: i32 = 90;
/// How many characters a reason has at least.
const SHORTEST_REASON: usize = 20;
/// What people write where a reason or a name is asked for and they have none.
const NO_WORDS: [&str; 16] = [
    "todo",
    "tbd",
    "fixme",
    "xxx",
    "wip",
    "n/a",
    "na",
    "none",
    "nobody",
    "unknown",
    "asdf",
    "lorem",
    "placeholder",
    "someone",
    "anyone",
    "?",
];

/// What waivers are judged by.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The day that counts as today.
    pub today: Date,
    /// The rules that are not built in, and whether each may be waived.
    pub own_rules: BTreeMap<String, bool>,
}

/// Judges all waivers of a file whose paths start at `root`.
pub(super) fn all(root: &Path, all: Vec<(Place, Written<'_>)>, terms: &Terms) -> (Waivers, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for (_, written) in &all {
        *counts.entry(what(written)).or_default() += 1;
    }
    let mut said = BTreeSet::new();
    let mut waivers = Waivers::default();
    for (place, written) in all {
        let before = findings.len();
        let mut find = |rule: &'static Rule, message: String| {
            findings.push(Finding::at(rule, subject(&written), place.clone(), message));
        };
        let what = what(&written);
        if counts.get(&what).is_some_and(|&count| count > 1) && !said.insert(what) {
            find(&duplicate::RULE, "there is a waiver for the same thing before this one".into());
        }
        rule_and_place(&written, terms, &mut find);
        justification(&written, &mut find);
        let expires = day(&written, terms.today, &mut find);
        // Of two for the same thing neither holds.
        let is_single = counts.get(&what) == Some(&1);
        if let (Some(expires), true, true) = (expires, is_single, findings.len() == before) {
            waivers.entries.push(Entry {
                rule: written.rule.into(),
                at: match written.object {
                    "" => At::File(file::absolute(&root.join(written.file))),
                    object => At::Object(object.into()),
                },
                key: written.key.into(),
                reason: written.reason.trim().into(),
                owner: written.owner.trim().into(),
                expires,
                place,
            });
        }
    }
    (waivers, findings)
}

/// What it is for: of two for the same thing neither holds.
fn what<'a>(written: &Written<'a>) -> [&'a str; 4] {
    [written.rule, written.file, written.object, written.key]
}

fn subject(written: &Written) -> String {
    excerpt(&format!("waivers.{}", written.rule), 100)
}

fn rule_and_place(written: &Written, terms: &Terms, find: &mut impl FnMut(&'static Rule, String)) {
    let built_in = catalogue::find(written.rule).map(|rule| rule.waivable);
    match built_in.or_else(|| terms.own_rules.get(written.rule).copied()) {
        Some(true) => {}
        Some(false) => find(&too_wide::RULE, format!("the rule `{}` cannot be waived", excerpt(written.rule, 64))),
        None if is_wild(written.rule) => find(&too_wide::RULE, "this is not one rule".into()),
        None => find(&unknown_rule::RULE, format!("there is no rule `{}`", excerpt(written.rule, 64))),
    }
    match (written.file, written.object) {
        ("", "") => find(&too_wide::RULE, "it names neither a `file` nor an `object`".into()),
        ("", object) if object.contains('*') => find(&too_wide::RULE, "its `object` has a wildcard".into()),
        ("", _) => {}
        (file, "") if is_wild(file) || !file::is_plain(file) => {
            let message = "its `file` is not one path below the directory that the waivers are for, without `..`, `.` or wildcards";
            find(&too_wide::RULE, message.into());
        }
        (_, "") => {}
        _ => find(&too_wide::RULE, "it names a `file` and an `object`: one waiver is for one thing".into()),
    }
    if written.key.is_empty() {
        find(&too_wide::RULE, "it names no `key`, which is what the finding calls its subject".into());
    } else if written.key.contains('*') {
        find(&too_wide::RULE, "its `key` has a wildcard".into());
    }
}

/// Whether it is meant for more than one. A key may have brackets: `runcmd[2]`.
fn is_wild(text: &str) -> bool {
    text.contains(['*', '?', '[', ']', '{', '}']) || text == "all" || text == "any"
}

fn justification(written: &Written, find: &mut impl FnMut(&'static Rule, String)) {
    let words =
        |text: &str| text.split_whitespace().map(plain_word).filter(|word| !word.is_empty()).collect::<BTreeSet<_>>();
    let is_empty =
        |text: &str| words(text).iter().any(|word| NO_WORDS.contains(&word.as_str())) || words(text).is_empty();
    let reason = written.reason.trim();
    if reason.is_empty() {
        find(&unjustified::RULE, "it gives no reason".into());
    } else if reason.chars().count() < SHORTEST_REASON || words(reason).len() < 4 || is_empty(reason) {
        find(&unjustified::RULE, "its reason does not say why the finding is acceptable here".into());
    }
    if is_empty(written.owner) || plain_word(written.owner).chars().count() < 2 {
        find(&unjustified::RULE, "it has no owner".into());
    }
}

fn plain_word(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '?').to_lowercase()
}

/// Until when it holds, if that is a day on which it does.
fn day(written: &Written, today: Date, find: &mut impl FnMut(&'static Rule, String)) -> Option<Date> {
    if written.expires.is_empty() {
        find(&too_wide::RULE, "it has no `expires`, the last day on which it holds".into());
        return None;
    }
    let is_plain = written.expires.len() == 10 && written.expires.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let Some(day) = is_plain.then(|| written.expires.parse::<Date>().ok()).flatten() else {
        find(&too_wide::RULE, "its `expires` is not a day, such as `\"2027-01-31\"`".into());
        return None;
    };
    if day < today {
        find(&expired::RULE, format!("its last day was {day}"));
    } else if today.checked_add(LONGEST.days()).is_ok_and(|last| day > last) {
        let days = today.until((Unit::Day, day)).map_or(0, |span| span.get_days());
        find(&too_wide::RULE, format!("it holds for another {days} days, and may for no more than {LONGEST}"));
    }
    Some(day)
}
