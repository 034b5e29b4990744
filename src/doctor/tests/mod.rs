//! Each check on a machine that is fit, and on the same machine with one thing spoiled.

mod blind;
mod docs;
mod host;
mod incus;
mod network;
mod secrets;

use std::collections::BTreeSet;

use super::fixture::Host;
use super::{Verdict, all, examine};

/// One thing that is wrong with a machine: the check that says so, how it is spoiled, the verdict, and a part of what is
/// said.
type Case = (&'static str, fn(&mut Host), Verdict, &'static str);

const ALL: [&[Case]; 4] = [incus::CASES, host::CASES, network::CASES, secrets::CASES];

#[test]
fn a_fit_machine_is_fit() {
    let diagnosis = examine(&Host::fit().subject());
    let wrong: Vec<_> = diagnosis.checks.iter().filter(|finding| finding.verdict != Verdict::Ok).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(diagnosis.counts.ok, all().count());
    assert!(!diagnosis.is_blind());
    assert!(diagnosis.checks.iter().all(|finding| finding.why.is_none() && finding.remedy.is_none()));
}

#[test]
fn what_is_wrong_is_found() {
    for (number, (id, spoil, verdict, part)) in ALL.into_iter().flatten().enumerate() {
        let mut host = Host::fit();
        spoil(&mut host);
        let (is, said) = host.verdict(id);
        assert_eq!(is, *verdict, "case {number} of {id}: {said}");
        assert!(said.contains(part), "case {number} of {id} should say {part:?}: {said}");
    }
}

#[test]
fn each_check_can_fail() {
    let spoiled = ALL.into_iter().flatten().filter(|(_, _, verdict, _)| *verdict != Verdict::Ok);
    let tried: BTreeSet<&str> = spoiled.map(|(id, ..)| *id).collect();
    let all: BTreeSet<&str> = all().map(|check| check.id).collect();
    assert_eq!(tried, all);
}

#[test]
fn the_texts_are_whole() {
    let mut ids = BTreeSet::new();
    for check in all() {
        assert!(ids.insert(check.id), "{} is there twice", check.id);
        assert!(check.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", check.id);
        assert!(check.why.ends_with('.'), "{}", check.id);
        assert!(
            !check.title.ends_with('.') && !check.remedy.is_empty() && !check.remedy.ends_with('.'),
            "{}",
            check.id
        );
        for text in [check.title, check.why, check.remedy] {
            assert!(!text.contains('\n') && !text.contains("  "), "{}: {text:?}", check.id);
        }
    }
    // Each group is in one piece.
    let groups: Vec<_> = all().map(|check| check.group).collect();
    assert!(groups.is_sorted(), "{groups:?}");
}

#[test]
fn nothing_hostile_reaches_the_terminal_and_lists_end() {
    let host = Host::fit();
    for number in 0..40 {
        host.write(&format!("home/u/.ssh/k\u{1b}[2J{number}"), "-----BEGIN OPENSSH PRIVATE KEY-----");
    }
    let said = host.says("secrets-ssh-keys");
    assert_eq!(said.details.len(), 21);
    assert_eq!(said.details[20], "and 20 more");
    assert!(said.details[0].contains("\\u{1b}[2J"), "{:?}", said.details[0]);
}
