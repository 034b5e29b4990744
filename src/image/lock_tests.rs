use super::*;

fn digest(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

fn built(packages: &[(&str, &str)]) -> BuiltBase {
    let packages = packages.iter().map(|(name, version)| ((*name).into(), (*version).into())).collect();
    let system = System {
        distribution: "debian".into(),
        suite: "trixie".into(),
        architecture: "amd64".into(),
        sources: vec!["deb http://m.test/debian trixie main".into()],
        packages,
    };
    BuiltBase { inputs: digest("inputs"), system, fingerprint: digest("tarball").into() }
}

#[test]
fn the_built_in_lock_pins_the_gateways_inputs() {
    let lock = Lock::parse(BUILT_IN).expect("the repository's own lock file");
    let Some(LockedGateway::Npm(npm)) = lock.gateway else { panic!("{lock:?}") };
    assert_eq!(npm.package_lock, digest(include_str!("../../image/gateway/package-lock.json")));
    assert_eq!((npm.built, lock.base), (None, None), "what is built depends on the day of the mirror");
}

#[test]
fn writes_what_it_reads() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("sub/podclaw.lock");
    let base = Some(LockedBase::Built(built(&[("curl", "8.14.1-2")])));
    let gateway = Some(LockedGateway::Archive { digest: digest("archive") });
    let lock = Lock { base, gateway, ..Lock::default() };
    lock.write(&path).expect("writing");
    lock.write(&path).expect("writing over it");
    assert_eq!(Lock::read(&path).expect("reading"), (lock, true));
    let names: Vec<_> = std::fs::read_dir(path.parent().expect("a parent")).expect("a directory").flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn refuses_what_it_does_not_know() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("podclaw.lock");
    for (text, reason) in [
        ("", "EOF"),
        ("{}", "missing field `version`"),
        (r#"{"version": 2, "new": 1}"#, "this podclaw knows only version 1"),
        (r#"{"version": 1, "bass": {}}"#, "unknown field `bass`"),
        (r#"{"version": 1, "base": {"built": {"color": 1}}}"#, "unknown field `color`"),
        (r#"{"version": 1, "gateway": {"archive": {"digest": "abc"}}}"#, "is not `sha256:`"),
        (r#"{"version": 1, "gateway": {"pigeon": {}}}"#, "unknown variant `pigeon`"),
        (r#"{"version": 1} {}"#, "trailing characters"),
    ] {
        std::fs::write(&path, text).expect("a file");
        let shown = Lock::read(&path).expect_err(text).to_string();
        assert!(shown.contains(reason) && shown.contains("podclaw.lock"), "{text}: {shown}");
    }
}

#[test]
fn refuses_what_has_no_end() {
    let shown = Lock::read(Path::new("/dev/zero")).expect_err("a device").to_string();
    assert_eq!(shown, "cannot read /dev/zero: it is not a regular file");
}

#[test]
fn names_what_differs() {
    let locked = LockedBase::Built(built(&[("a", "1"), ("b", "1"), ("c", "1")]));
    let found = LockedBase::Built(built(&[("a", "1"), ("b", "2"), ("d", "1")]));
    let shown: Vec<String> = locked.differences(&found).iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["package b: 1 -> 2", "package c: 1 -> none", "package d: none -> 1"]);
    assert_eq!(locked.differences(&locked), []);
    let server = LockedBase::ImageServer { url: "https://i.test".into(), fingerprint: digest("x").into() };
    assert_eq!(locked.differences(&server)[0].to_string(), "source: built here -> an image server");
}

#[test]
fn what_is_not_pinned_does_not_differ() {
    let npm = |node: &str, built| {
        let package_lock = digest("package-lock");
        LockedGateway::Npm(LockedNpm { openclaw: "1".into(), node: node.into(), package_lock, built })
    };
    let BuiltBase { inputs, system, .. } = built(&[]);
    let made = |archive| {
        let (inputs, system) = (inputs.clone(), system.clone());
        Some(BuiltGateway { inputs, system, archive: digest(archive), manifest: digest("m"), image_id: digest("i") })
    };
    assert_eq!(npm("24", None).differences(&npm("24", made("a"))), []);
    assert_eq!(npm("24", made("a")).differences(&npm("24", made("b"))).len(), 1);
    assert_eq!(npm("24", None).differences(&npm("25", made("a")))[0].to_string(), "node: 24 -> 25");
}

#[test]
fn long_lists_are_cut() {
    let names: Vec<String> = (0..15).map(|n| format!("p{n:02}")).collect();
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let differences = LockedBase::Built(built(&packages)).differences(&LockedBase::Built(built(&[])));
    let shown = Error::Mismatch { image: "base image", path: "podclaw.lock".into(), differences }.to_string();
    assert!(shown.contains("package p09: 1 -> none\n  and 5 more") && !shown.contains("p10"), "{shown}");
}
