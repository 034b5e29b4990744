use super::*;
use crate::probe::{ALL, APPARMOR, GATEWAY_AUDIT, NET_ALLOWED, NET_FENCE, NET_PUBLIC, NET_SOURCE, SECCOMP, SETTINGS};

fn said(probe: &Probe, verdict: Verdict) -> ProbeRecord {
    ProbeRecord { id: probe.id.into(), verdict, came_back: String::new() }
}

/// A receipt of a launch in which everything was contained.
fn receipt() -> Receipt {
    let quick = ALL.iter().filter(|probe| probe.set == Set::Quick);
    Receipt { probes: quick.map(|probe| said(probe, Verdict::Contained)).collect(), ..Receipt::example() }
}

fn without(probe: &Probe) -> Receipt {
    let mut receipt = receipt();
    receipt.probes.retain(|record| record.id != probe.id);
    receipt
}

fn but(probe: &Probe, verdict: Verdict) -> Receipt {
    let mut receipt = without(probe);
    receipt.probes.push(said(probe, verdict));
    receipt
}

#[test]
fn every_probe_of_a_launch_must_have_said_that_it_is_contained() {
    assert_eq!(proven(&receipt(), None), Ok(()));
    assert_eq!(proven(&Receipt::example(), None), Err("it was not proven by control-resolver".into()));
    for probe in ALL.iter().filter(|probe| probe.set == Set::Quick) {
        assert_eq!(proven(&without(probe), None), Err(format!("it was not proven by {}", probe.id)));
        let open = Err(format!("{} did not say that it is contained", probe.id));
        assert_eq!(proven(&but(probe, Verdict::NotContained), None), open);
        // Also where another one says that it is.
        let mut twice = but(probe, Verdict::NotContained);
        twice.probes.insert(0, said(probe, Verdict::Contained));
        assert_eq!(proven(&twice, None), open);
    }
    // What a launch does not try is not asked for, but what got out got out.
    assert_eq!(proven(&but(GATEWAY_AUDIT, Verdict::Contained), None), Ok(()));
    assert!(proven(&but(GATEWAY_AUDIT, Verdict::NotContained), None).is_err());
    let mut unknown = receipt();
    unknown.probes.push(ProbeRecord { id: "x\u{1b}".into(), verdict: Verdict::CouldNotTell, came_back: String::new() });
    assert_eq!(proven(&unknown, None), Err("x\\u{1b} did not say that it is contained".into()));
}

#[test]
fn where_nothing_is_closed_or_allowed_nothing_has_to_be_proven_of_it() {
    // An open lab, which allows nothing beside.
    let aims = Aims::new(Place::example(), &HostFacts::default());
    assert_eq!(proven(&without(NET_PUBLIC), Some(&aims)), Ok(()));
    assert_eq!(proven(&without(NET_ALLOWED), Some(&aims)), Ok(()));
    let mut sealed = Place::example();
    sealed.reach.public = false;
    let aims = Aims::new(sealed, &HostFacts::default());
    assert!(proven(&without(NET_PUBLIC), Some(&aims)).is_err());
}

#[test]
fn a_guest_that_was_silent_was_not_proven_and_a_machine_that_can_not_tell_is_as_it_is() {
    for probe in [APPARMOR, SECCOMP, NET_FENCE, NET_SOURCE, VSOCK] {
        assert_eq!(contained(&but(probe, Verdict::CouldNotTell)), Ok(()), "{}", probe.id);
    }
    for probe in ALL.iter().filter(|probe| probe.witness == Witness::Guest && **probe != VSOCK) {
        assert!(contained(&but(probe, Verdict::CouldNotTell)).is_err(), "{}", probe.id);
    }
    assert!(contained(&but(SETTINGS, Verdict::CouldNotTell)).is_err());
}

#[test]
fn a_firewall_that_stood_when_it_was_proven_must_stand_now() {
    let (proven, untold) = (receipt(), but(NET_ACL, Verdict::CouldNotTell));
    assert_eq!(as_then(&proven, NET_ACL, Verdict::Contained, ""), Ok(()));
    assert_eq!(as_then(&untold, NET_ACL, Verdict::CouldNotTell, ""), Ok(()));
    assert!(as_then(&untold, NET_FENCE, Verdict::CouldNotTell, "").is_err(), "of another probe");
    let unknown = as_then(&proven, NET_ACL, Verdict::CouldNotTell, "why").unwrap_err();
    assert_eq!(unknown, "whether it is kept in can't be told now: net-acl: why");
    for receipt in [&proven, &untold] {
        let open = as_then(receipt, NET_ACL, Verdict::NotContained, "why").unwrap_err();
        assert_eq!(open, "it is not kept in any more: net-acl: why");
    }
}

#[test]
fn a_port_must_still_be_apart_from_others() {
    let of = |isolated, open: Option<&[&str]>| {
        let open_ports = open.map(|all| all.iter().map(|&port| port.to_owned()).collect());
        apart(&receipt(), &Place { isolated, open_ports, ..Place::example() })
    };
    assert_eq!(of(Some(true), Some(&[])), Ok(()));
    for open in [None, Some(&[][..]), Some(&["eth9"])] {
        assert!(of(Some(false), open).is_err() && of(None, open).is_err());
    }
    assert!(of(Some(true), Some(&["eth9"])).is_err());
    assert!(of(Some(true), None).is_err());
}
