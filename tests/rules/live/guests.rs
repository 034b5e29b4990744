//! Guests: their user ids, their receipts, copies of them.

use podclaw::rules::Severity;
use podclaw::rules::live::{Guest, Launch, LiveFacts, Mismatch, Pinned, Proof, ReceiptFacts, judge};

use super::{brief, facts, fitting, guest, open};

fn map(first: u64, count: u64) -> String {
    format!(r#"[{{"Isuid":true,"Isgid":true,"Hostid":{first},"Nsid":0,"Maprange":{count}}}]"#)
}

#[test]
fn ids_that_are_shared_are_found() {
    let found = |maps: &[String]| {
        let mut lab = facts(open());
        lab.guests = maps.iter().enumerate().map(|(n, map)| guest(&format!("g{n}"), map)).collect();
        judge(&lab).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found(&[map(1_000_000, 65536), map(1_065_536, 65536), String::new()]), [""; 0]);
    // Not only neighbours: the second is inside of the first, and so is the third.
    let inside = found(&[map(1_000_000, 300_000), map(1_065_536, 10), map(1_200_000, 10)]);
    assert_eq!(inside.len(), 2, "{inside:?}");
    assert!(inside[1].contains("guest g2: it has ids from 1200000 on, and so has guest g0"), "{inside:?}");
    assert!(found(&[map(0, 65536)])[0].contains("the host's own"));
    assert!(found(&["[]".into()])[0].contains("the host's own"));
    assert!(found(&["\u{1b}[2J".into()])[0].contains(r"can't be read: `\u{1b}[2J`"));
    assert!(found(&[map(u64::MAX, u64::MAX)]).is_empty());
}

/// What is found of ids, with the guests to be judged and the others of the project.
fn ids(guests: Vec<Guest>, others: Vec<Guest>) -> Vec<String> {
    let facts = LiveFacts { guests, others, ..facts(open()) };
    judge(&facts).iter().map(|found| format!("{}: {}", found.origin, found.message)).collect()
}

#[test]
fn ids_that_are_shared_with_a_guest_that_is_not_asked_about_are_found() {
    let (own, inside) = (map(1_000_000, 65536), map(1_000_010, 10));
    let of_asked = ["guest a: it has ids from 1000010 on, and so has guest b"];
    assert_eq!(ids(vec![guest("a", &own)], vec![guest("b", &inside)]), of_asked);
    // Whichever begins first.
    assert_eq!(ids(vec![guest("a", &inside)], vec![guest("b", &own)]), of_asked);
    // What others share among themselves was not asked.
    let (far, map_of_root) = (map(2_000_000, 65536), map(0, 65536));
    assert_eq!(ids(vec![guest("a", &far)], vec![guest("b", &own), guest("c", &inside)]), [""; 0]);
    assert_eq!(ids(vec![guest("a", &far)], vec![guest("b", &map_of_root)]), [""; 0]);
    // But where it can't be known whether one of them has the same ids, it is not passed.
    assert_eq!(ids(vec![guest("a", &far)], vec![guest("b", "{")]), ["guest b: its id map can't be read: `{`"]);
}

#[test]
fn ids_that_nobody_knows_are_not_passed() {
    let next = |name: &str, map: &str| {
        let mut guest = guest(name, "");
        guest.expanded.config.insert("volatile.idmap.next".into(), map.into());
        guest
    };
    let up = |guest: Guest| Guest { is_up: true, ..guest };
    let own = map(1_000_000, 65536);
    // A guest that never ran has only those that it is going to have.
    let shared = ids(vec![next("a", &own), guest("b", &own)], Vec::new());
    assert_eq!(shared, ["guest b: it has ids from 1000000 on, and so has guest a"]);
    assert_eq!(ids(vec![next("a", "[]")], Vec::new()), ["guest a: ids of the guest are the host's own"]);
    assert_eq!(ids(vec![guest("a", "")], Vec::new()), [""; 0]);
    // One that runs has some, wherever the daemon left them.
    let unknown = ["guest a: it runs, and the daemon does not say which ids it has on the host"];
    assert_eq!(ids(vec![up(guest("a", ""))], Vec::new()), unknown);
    assert_eq!(ids(vec![up(next("a", &own))], Vec::new()), unknown);
    assert_eq!(ids(vec![up(guest("a", &own))], Vec::new()), [""; 0]);
}

#[test]
fn receipts_are_compared() {
    let of = |receipt: ReceiptFacts, launch: Launch, pinned: Pinned| {
        let mut lab = facts(open());
        lab.guests = vec![Guest { receipt, launch, ..guest("g", "") }];
        lab.pinned = pinned;
        judge(&lab).iter().map(|found| (found.subject.clone(), found.severity)).collect::<Vec<_>>()
    };
    let pinned = |base: &str| Pinned { base: Some(base.into()), gateway: Some("sha256:def".into()) };
    assert_eq!(of(fitting(), Launch::Done, pinned("abc")), []);
    assert_eq!(of(fitting(), Launch::Done, pinned("xyz")), [("receipt.base-pinned".into(), Severity::Warning)]);
    let missing = |launch| of(ReceiptFacts::Missing, launch, pinned("abc"))[0].clone();
    assert_eq!(missing(Launch::Done), ("receipt.missing".into(), Severity::Error));
    assert_eq!(missing(Launch::Running), ("receipt.missing".into(), Severity::Note));
    let up = |launch| {
        let mut lab = facts(open());
        lab.guests =
            vec![Guest { receipt: ReceiptFacts::Missing, launch, is_up: true, ..guest("g", &map(1_000_000, 65536)) }];
        judge(&lab)[0].severity
    };
    assert_eq!((up(Launch::Running), up(Launch::Failed)), (Severity::Warning, Severity::Error), "it runs unproven");
    let mut lab = facts(open());
    let of_launch = |name: &str| Guest { launch_id: Some("7".into()), ..guest(name, "") };
    lab.guests = vec![of_launch("a"), guest("b", ""), of_launch("c")];
    assert_eq!(brief(&judge(&lab)), ["live-receipt receipt.copy"]);
    // It is told of the one that is asked about, whichever is the copy.
    (lab.guests, lab.others) = (vec![of_launch("a")], vec![of_launch("b"), of_launch("c")]);
    let found = judge(&lab);
    assert_eq!(
        (brief(&found), found[0].origin.to_string()),
        (vec!["live-receipt receipt.copy".into()], "guest a".into())
    );
    let unreadable = of(ReceiptFacts::Unreadable, Launch::Running, pinned("abc"));
    assert_eq!(unreadable, [("receipt.unreadable".into(), Severity::Error)]);
    let mismatch = vec![Mismatch { subject: "config", message: "x".into() }];
    let ReceiptFacts::Read { base, gateway, .. } = fitting() else { panic!() };
    let read = ReceiptFacts::Read {
        mismatches: mismatch.clone(),
        changes: mismatch,
        is_old: true,
        is_anybodys: true,
        base,
        gateway,
        proof: Proof { escapes: vec!["net-host".into()], ..Proof::default() },
    };
    let found = of(read, Launch::Done, pinned("abc"));
    let subjects: Vec<_> = found.iter().map(|(subject, severity)| (subject.as_str(), *severity)).collect();
    let expected = [
        ("receipt.config", Severity::Error),
        ("receipt.config", Severity::Note),
        ("receipt.digests", Severity::Note),
        ("receipt.guest", Severity::Warning),
        ("receipt.probes", Severity::Error),
    ];
    assert_eq!(subjects, expected);
}

#[test]
fn what_no_probe_showed_is_not_passed() {
    let of = |proof: Proof| {
        let ReceiptFacts::Read { mismatches, changes, is_old, is_anybodys, base, gateway, .. } = fitting() else {
            panic!()
        };
        let receipt = ReceiptFacts::Read { mismatches, changes, is_old, is_anybodys, base, gateway, proof };
        let found = judge(&LiveFacts { guests: vec![Guest { receipt, ..guest("g", "") }], ..facts(open()) });
        let [finding] = found.as_slice() else { panic!("{found:#?}") };
        (finding.subject.clone(), finding.severity, finding.message.clone())
    };
    let ids = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let (subject, severity, _) = of(Proof { is_empty: true, missing: ids(&["a", "b"]), ..Proof::default() });
    assert_eq!((subject.as_str(), severity), ("receipt.probes-missing", Severity::Error));
    let (subject, severity, message) = of(Proof { missing: ids(&["a", "b"]), ..Proof::default() });
    assert_eq!((subject.as_str(), severity), ("receipt.probes-missing", Severity::Error));
    assert!(message.contains("a, b"), "{message}");
    // However many there are, it is one finding, and each is named.
    let (subject, severity, message) = of(Proof { unknown: ids(&["c\u{1b}[2J", "d"]), ..Proof::default() });
    assert_eq!((subject.as_str(), severity), ("receipt.probes-unknown", Severity::Warning));
    assert!(message.ends_with(r"there: c\u{1b}[2J, d"), "{message}");
}
