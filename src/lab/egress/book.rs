//! Which addresses a name had, and when: kept on the ACL, so that no command needs a memory of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lookup::{Answers, MOST_ADDRESSES};
use crate::incus::Config;
use crate::lab::Result;
use crate::profile::Difference;

/// The config key that carries it.
const KEY: &str = "user.podclaw.names";
/// The longest book that is read, in bytes.
const LONGEST: usize = 256 << 10;
/// How long an address stays open that its name no longer answers with, in seconds: long enough for a guest that was told
/// of it, and for names that answer with a few of many addresses at a time.
const KEEP: i64 = 3600;
/// How old a time may get before it is written anew, in seconds: so that two runs, one after the other, change nothing.
const RENEW: i64 = 600;
/// After how long nobody relies on an address any more, in seconds: it may be somebody else's by then.
const STALE: i64 = 24 * 3600;

/// The names of the lab file, each with the addresses that it was seen to have, and when last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::lab) struct Book(BTreeMap<String, BTreeMap<Ipv4Addr, i64>>);

impl Book {
    /// The book of an ACL with this config. One that can't be read is empty: somebody else wrote it.
    pub(in crate::lab) fn of(config: &Config) -> Self {
        let text = config.get(KEY).filter(|text| text.len() <= LONGEST);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// These names and no others. One that was never looked up has no address.
    pub(in crate::lab) fn only(&self, names: &[&str]) -> Self {
        let entry = |name: &&str| ((*name).to_owned(), self.0.get(*name).cloned().unwrap_or_default());
        Self(names.iter().map(entry).collect())
    }

    /// The book after these answers: what is answered now is in, and what was answered a short while ago stays.
    pub(super) fn after(&self, answers: &Answers, now: Timestamp) -> Self {
        let now = now.as_second();
        let renewed = answers.iter().map(|(name, answer)| {
            let before = self.0.get(name).into_iter().flatten();
            // A time that is yet to come was not written by this clock.
            let known = before.filter(|(_, seen)| (now - KEEP..=now).contains(*seen));
            let mut addresses: BTreeMap<Ipv4Addr, i64> = known.map(|(address, seen)| (*address, *seen)).collect();
            for address in answer.as_ref().map_or(&[][..], |found| &found.public) {
                let seen = addresses.entry(*address).or_insert(now);
                if *seen < now - RENEW {
                    *seen = now;
                }
            }
            while addresses.len() > MOST_ADDRESSES
                && let Some(oldest) = addresses.iter().min_by_key(|(_, seen)| **seen).map(|(address, _)| *address)
            {
                addresses.remove(&oldest);
            }
            (name.clone(), addresses)
        });
        Self(renewed.collect())
    }

    /// The addresses of a name.
    pub(super) fn addresses(&self, name: &str) -> impl Iterator<Item = Ipv4Addr> {
        self.0.get(name).into_iter().flatten().map(|(address, _)| *address)
    }

    /// Writes it into a config, unless there are no names.
    pub(super) fn put_on(&self, config: &mut Config) -> Result<()> {
        if !self.0.is_empty() {
            config.insert(KEY.into(), serde_json::to_string(self)?);
        }
        Ok(())
    }

    /// A config without the book in it.
    pub(super) fn take_off(config: &Config) -> Config {
        let mut rest = config.clone();
        // What is no book is somebody else's, and shows.
        if !Self::of(config).0.is_empty() {
            rest.remove(KEY);
        }
        rest
    }

    /// How this differs from what is wanted, name by name.
    pub(super) fn differences(&self, wanted: &Self) -> Vec<Difference> {
        let mut names: Vec<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        names.sort();
        names.dedup();
        let changed = names.into_iter().filter(|name| self.0.get(*name) != wanted.0.get(*name));
        let difference = |name: &String| Difference {
            key: format!("names[{name}]"),
            old: self.0.get(name).map(shown),
            new: wanted.0.get(name).map(shown),
        };
        changed.map(difference).collect()
    }

    /// The names whose addresses are too old to be relied on.
    pub(super) fn stale(&self, now: Timestamp) -> Vec<Difference> {
        let newest = |addresses: &BTreeMap<Ipv4Addr, i64>| addresses.values().max().copied();
        let old = self.0.iter().filter(|(_, addresses)| {
            newest(addresses).is_some_and(|seen| !(now.as_second() - STALE..=now.as_second()).contains(&seen))
        });
        let difference = |(name, addresses): (&String, _)| Difference {
            key: format!("names[{name}]"),
            old: Some(shown(addresses)),
            new: Some("looked up again".into()),
        };
        old.map(difference).collect()
    }
}

/// The addresses of a name, and when the newest of them was seen.
fn shown(addresses: &BTreeMap<Ipv4Addr, i64>) -> String {
    let newest = addresses.values().max().and_then(|seen| Timestamp::from_second(*seen).ok());
    let mut text = newest.map_or("no address yet".to_owned(), |seen| format!("seen {seen}:"));
    for address in addresses.keys() {
        let _ = write!(text, " {address}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::egress::lookup::Found;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn answers(name: &str, addresses: &[&str]) -> Answers {
        let public = addresses.iter().map(|address| address.parse().unwrap()).collect();
        [(name.to_owned(), Ok(Found { public, others: Vec::new() }))].into()
    }

    fn open(book: &Book, name: &str) -> Vec<String> {
        book.addresses(name).map(|address| address.to_string()).collect()
    }

    #[test]
    fn an_old_address_stays_for_a_while_and_goes() {
        let first = Book::default().after(&answers("a.example", &["203.0.113.1"]), at(0));
        assert_eq!(open(&first, "a.example"), ["203.0.113.1"]);
        let second = first.after(&answers("a.example", &["203.0.113.2"]), at(KEEP));
        assert_eq!(open(&second, "a.example"), ["203.0.113.1", "203.0.113.2"]);
        let third = second.after(&answers("a.example", &["203.0.113.2"]), at(KEEP + 1));
        assert_eq!(open(&third, "a.example"), ["203.0.113.2"]);
    }

    #[test]
    fn a_name_that_nobody_answers_is_closed_in_the_end() {
        let book = Book::default().after(&answers("a.example", &["203.0.113.1"]), at(0));
        let silent: Answers = [("a.example".to_owned(), Err("no answer".to_owned()))].into();
        assert_eq!(open(&book.after(&silent, at(KEEP)), "a.example"), ["203.0.113.1"]);
        let closed = book.after(&silent, at(KEEP + 1));
        assert_eq!(open(&closed, "a.example"), [""; 0]);
        assert_eq!(closed, Book::default().only(&["a.example"]), "that it was looked for is known");
    }

    #[test]
    fn the_same_answer_soon_after_changes_nothing() {
        let book = Book::default().after(&answers("a.example", &["203.0.113.1"]), at(0));
        assert_eq!(book.after(&answers("a.example", &["203.0.113.1"]), at(RENEW)), book);
        assert_ne!(book.after(&answers("a.example", &["203.0.113.1"]), at(RENEW + 1)), book);
        assert_eq!(book.stale(at(STALE)), []);
        assert_eq!(book.stale(at(STALE + 1)).len(), 1);
        assert_eq!(book.stale(at(-1)).len(), 1, "a clock that went back");
    }

    #[test]
    fn there_are_never_too_many() {
        let many: Vec<String> = (0..200).map(|number| format!("203.0.113.{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let book = Book::default().after(&answers("a.example", &many), at(0));
        let book = book.after(&answers("a.example", &["198.51.100.1"]), at(1));
        assert_eq!(open(&book, "a.example").len(), MOST_ADDRESSES);
        assert!(open(&book, "a.example").contains(&"198.51.100.1".to_owned()), "the newest stay");
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let book = Book::default().after(&answers("a.example", &["203.0.113.1"]), at(0));
        let mut config = Config::new();
        book.put_on(&mut config).unwrap();
        assert_eq!(Book::of(&config), book);
        assert_eq!(Book::of(&config).only(&["b.example"]), Book::default().only(&["b.example"]));
        config.insert(KEY.into(), "{\"a.example\": 1}".into());
        assert_eq!(Book::of(&config), Book::default());
        assert_eq!(book.differences(&book), []);
        let shown: Vec<String> = book.differences(&Book::default()).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["names[a.example]: \"seen 2027-01-15T08:00:00Z: 203.0.113.1\" -> unset"]);
    }
}
