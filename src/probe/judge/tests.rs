//! What is made of what a guest says, and of what the host saw.

use super::*;
use crate::probe::{DEVICES, GATEWAY_TOKEN, IDMAP, LOG, NET_HOST, NET_INBOUND};

fn answer(probe: &Probe, verdict: Verdict) -> Said {
    let (tried, came_back) = ("a".to_owned(), "b".to_owned());
    Said::Answer { probe: probe.id.into(), verdict, tried, came_back, millis: 1 }
}

fn judged(said: Vec<Said>, broken: Option<&str>, outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let (aims, broken) = (Err("no network".to_owned()), broken.map(str::to_owned));
    judge(Evidence { nonce: 1, aims, sniffer: None, knocked: None, locks: None, said, broken, outcomes }, Set::Quick)
}

fn of<'o>(outcomes: &'o [Outcome], probe: &Probe) -> &'o Outcome {
    outcomes.iter().find(|outcome| outcome.probe == probe).unwrap()
}

#[test]
fn a_guest_that_says_nothing_is_not_contained_by_it() {
    let outcomes = judged(Vec::new(), Some("hung"), Vec::new());
    let quick = ALL.iter().filter(|probe| probe.set == Set::Quick).count();
    assert_eq!(outcomes.len(), quick);
    assert!(outcomes.iter().all(|outcome| outcome.verdict == Verdict::CouldNotTell));
    assert_eq!(of(&outcomes, DEVICES).came_back, "hung");
    assert_eq!(of(&outcomes, crate::probe::NET_HOST).came_back, "no network");
}

#[test]
fn an_answer_that_comes_twice_is_none() {
    let good = answer(DEVICES, Verdict::Contained);
    let one = judged(vec![good.clone(), Said::Ended], None, Vec::new());
    assert_eq!(of(&one, DEVICES).verdict, Verdict::Contained);
    let two = judged(vec![good.clone(), good.clone(), Said::Ended], None, Vec::new());
    assert_eq!(of(&two, DEVICES).verdict, Verdict::CouldNotTell);
    for order in
        [[answer(DEVICES, Verdict::NotContained), good.clone()], [good, answer(DEVICES, Verdict::NotContained)]]
    {
        assert_eq!(of(&judged(order.to_vec(), None, Vec::new()), DEVICES).verdict, Verdict::NotContained);
    }
}

#[test]
fn what_the_host_saw_can_not_be_talked_away() {
    let seen = Outcome::not_contained(IDMAP, "", "seen");
    let outcomes = judged(vec![answer(IDMAP, Verdict::Contained), Said::Ended], None, vec![seen]);
    assert_eq!(of(&outcomes, IDMAP).verdict, Verdict::NotContained);
    assert_eq!(of(&outcomes, IDMAP).came_back, "seen");
    let nobody = judged(vec![answer(GATEWAY_TOKEN, Verdict::Contained)], Some("late"), Vec::new());
    assert_eq!(of(&nobody, GATEWAY_TOKEN).verdict, Verdict::Contained, "it was answered before the guest went silent");
}

#[test]
fn a_guest_is_no_witness_of_what_the_host_sees() {
    for probe in [IDMAP, NET_INBOUND, NET_HOST] {
        let lies = judged(vec![answer(probe, Verdict::Contained), Said::Ended], None, Vec::new());
        assert_eq!(of(&lies, probe).verdict, Verdict::CouldNotTell, "{}", probe.id);
        let admits = judged(vec![answer(probe, Verdict::NotContained), Said::Ended], None, Vec::new());
        assert_eq!(of(&admits, probe).verdict, Verdict::NotContained, "{}", probe.id);
    }
}

#[test]
fn what_was_not_tried_is_not_contained() {
    let green = Outcome::contained(NET_HOST, "", "nothing came through").but_not("only 4 of 9 were tried");
    assert_eq!(green.verdict, Verdict::CouldNotTell);
    assert_eq!(green.came_back, "only 4 of 9 were tried; nothing came through");
    assert_eq!(serde_json::to_value(&green).unwrap()["not_tried"], "only 4 of 9 were tried");
    let red = Outcome::not_contained(NET_HOST, "", "it came through").but_not("only 4 of 9 were tried");
    assert_eq!(red.verdict, Verdict::NotContained);
    // As it comes out of a proof.
    let address = |host: u8| std::net::Ipv4Addr::new(192, 0, 2, host);
    let neighbours = (1..=200).map(|host| (address(host), "eth0".to_owned())).collect();
    let host = crate::probe::host::HostFacts { neighbours, ..Default::default() };
    let aims = Aims::new(crate::probe::Place::example(), &host);
    let evidence = Evidence {
        nonce: 1,
        aims: Ok(&aims),
        sniffer: None,
        knocked: None,
        locks: None,
        said: Vec::new(),
        broken: None,
        outcomes: Vec::new(),
    };
    let outcomes = judge(evidence, Set::Quick);
    let told: Vec<&str> = outcomes.iter().filter(|outcome| outcome.not_tried.is_some()).map(|it| it.probe.id).collect();
    assert_eq!(told, ["net-lan"]);
}

#[test]
fn what_both_see_is_only_contained_if_both_say_so() {
    let seen = || vec![Outcome::contained(LOG, "", "seen")];
    assert_eq!(of(&judged(vec![Said::Ended], None, seen()), LOG).verdict, Verdict::CouldNotTell);
    let both = judged(vec![answer(LOG, Verdict::Contained), Said::Ended], None, seen());
    assert_eq!(of(&both, LOG).verdict, Verdict::Contained);
}
