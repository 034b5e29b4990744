use super::*;
use crate::digest::Sha256;
use crate::incus::Config;
use crate::lab::{Identity, digests};

const NOW: &str = "2026-01-02T00:00:00Z";
const PROVEN: &str = "2026-01-01T12:00:00Z";

fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

/// A guest that may be claimed, its receipt, and what a launch would make.
struct Case {
    wanted: Wanted,
    receipt: Option<Receipt>,
    guest: Instance,
    now: Timestamp,
}

impl Case {
    fn new() -> Self {
        let config = Config::from([("limits.cpu".to_owned(), "2".to_owned())]);
        let digest = |text: &str| Sha256::of(text.as_bytes());
        let digests = Digests {
            effective: digests::effective(&config, &crate::incus::Devices::new()),
            user_data: digests::user_data(&config),
            profiles: vec![digest("guest"), digest("standard")],
            policy: digest("policy"),
            acl: Some(digest("acl")),
        };
        let (base, baked, gateway) = ("b".repeat(64), "c".repeat(64), "sha256:d".to_owned());
        let profiles = vec!["lab-guest".to_owned(), "lab-standard".to_owned()];
        let receipt = Receipt {
            podclaw: env!("CARGO_PKG_VERSION").into(),
            finished: at(PROVEN),
            claimed: None,
            base: base.clone(),
            baked: Some(baked.clone()),
            gateway: gateway.clone(),
            profiles: profiles.clone(),
            millis: 1,
            stages: Vec::new(),
            probes: Vec::new(),
            digests: Some(digests.clone()),
            guest: Some(Identity { name: "claw-1".into(), ..Identity::default() }),
            verdicts: Vec::new(),
            timings: None,
        };
        let own = [(STATE_KEY, "standby"), ("volatile.base_image", &*baked)];
        let guest = Instance {
            name: "claw-1".into(),
            status: Status::Running,
            last_used_at: "2026-01-01T11:59:30.123456789Z".into(),
            profiles: profiles.clone(),
            config: own.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
            expanded_config: config,
            ..Instance::default()
        };
        Self { wanted: Wanted { base, gateway, baked, profiles, digests }, receipt: Some(receipt), guest, now: at(NOW) }
    }

    /// Why the guest is not claimed after this change; nothing if it is.
    fn after(change: impl FnOnce(&mut Self)) -> Option<String> {
        let mut case = Self::new();
        change(&mut case);
        if let Some(receipt) = &case.receipt {
            receipt.write(&mut case.guest.config).expect("a receipt");
        }
        case.wanted.judge(&case.guest, case.now).err()
    }

    fn receipt(change: impl FnOnce(&mut Receipt)) -> Option<String> {
        Self::after(|case| change(case.receipt.as_mut().expect("a receipt")))
    }

    fn digests(change: impl FnOnce(&mut Digests)) -> Option<String> {
        Self::after(|case| change(&mut case.wanted.digests))
    }
}

fn other() -> Sha256 {
    Sha256::of(b"another")
}

#[test]
fn what_a_launch_would_make_is_claimed() {
    assert_eq!(Case::after(|_| {}), None);
    // Up to the last moment, and as soon as it is there.
    assert_eq!(Case::after(|case| case.now = at("2026-01-02T12:00:00Z")), None);
    assert_eq!(Case::after(|case| case.now = at(PROVEN)), None);
    assert_eq!(Case::after(|case| case.guest.last_used_at = PROVEN.into()), None);
}

#[test]
fn what_has_changed_is_not() {
    let says = |said: Option<String>, why: &str| assert_eq!(said.as_deref(), Some(why));
    for state in ["ready", "filling", "launching", "failed", ""] {
        says(
            Case::after(|case| drop(case.guest.config.insert(STATE_KEY.into(), state.into()))),
            "it does not stand by",
        );
    }
    for status in [Status::Stopped, Status::Frozen, Status::Error, Status::Other] {
        says(Case::after(|case| case.guest.status = status), "it does not run");
    }
    says(Case::after(|case| case.receipt = None), "it has no receipt that can be read");
    says(Case::receipt(|receipt| receipt.claimed = Some(at(PROVEN))), "it was claimed before");
    says(Case::receipt(|receipt| receipt.podclaw = "0".into()), "another version of podclaw launched it");
    for lock in [
        Case::after(|case| case.wanted.base = "e".repeat(64)),
        Case::after(|case| case.wanted.gateway = "sha256:e".into()),
    ] {
        says(lock, "podclaw.lock has other images now");
    }
    for bake in [Case::after(|case| case.wanted.baked = "e".repeat(64)), Case::receipt(|receipt| receipt.baked = None)]
    {
        says(bake, "the image that it was made from is not the current one");
    }
    says(Case::receipt(|receipt| receipt.guest = None), "its receipt does not say which guest it is of");
    says(Case::receipt(|receipt| receipt.digests = None), "its receipt has no digests");
    says(Case::digests(|digests| digests.policy = other()), "it was judged by another policy");
    for profiles in [
        Case::digests(|digests| digests.profiles[1] = other()),
        Case::digests(|digests| drop(digests.profiles.pop())),
        Case::after(|case| case.wanted.profiles[1] = "lab-small".into()),
    ] {
        says(profiles, "a launch would give it other profiles");
    }
    for acl in [Case::digests(|digests| digests.acl = Some(other())), Case::digests(|digests| digests.acl = None)] {
        says(acl, "the lab's ACL has other rules than when it was proven");
    }
    for guest in
        [Case::digests(|digests| digests.effective = other()), Case::digests(|digests| digests.user_data = other())]
    {
        says(guest, "a launch would make another guest");
    }
}

#[test]
fn what_does_not_match_its_receipt_is_not() {
    let loosened = Case::after(|case| drop(case.guest.expanded_config.insert("limits.cpu".into(), "4".into())));
    assert!(loosened.is_some_and(|why| why.starts_with("its config or devices are not")));
    let device = Case::after(|case| drop(case.guest.expanded_devices.insert("x".into(), Config::new())));
    assert!(device.is_some_and(|why| why.starts_with("its config or devices are not")));
    let profiles = Case::after(|case| drop(case.guest.profiles.pop()));
    assert!(profiles.is_some_and(|why| why.starts_with("its profiles are")));
    let copy = Case::after(|case| case.guest.name = "claw-2".into());
    assert!(copy.is_some_and(|why| !why.is_empty()));
    let image = Case::after(|case| drop(case.guest.config.remove("volatile.base_image")));
    assert!(image.is_some_and(|why| why.starts_with("its image is")));
}

#[test]
fn a_proof_that_says_nothing_of_now_is_none() {
    let says = |said: Option<String>, why: &str| assert_eq!(said.as_deref(), Some(why));
    says(Case::after(|case| case.now = at("2026-01-02T12:00:01Z")), "its proof is more than a day old");
    says(
        Case::after(|case| case.now = at("2026-01-01T11:59:59Z")),
        "it was proven in the future, by this host's clock",
    );
    let started = |time: &str| Case::after(|case| case.guest.last_used_at = time.into());
    says(started("2026-01-01T12:00:00.1Z"), "it was started again after it was proven");
    says(started(""), "when it was started is not known");
}
