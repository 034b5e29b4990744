//! `doctor` on whatever machine the tests run on: it ends, it says what it looked at, and it changes nothing.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::common::{Program, podclaw};

/// The codes that it may end with: which of them is the machine's business.
fn doctor(args: &[&str]) -> Program {
    podclaw(&["doctor"]).args(args).env("INCUS_DIR", "/nowhere")
}

#[test]
fn says_what_it_looked_at() {
    let said = doctor(&["--format", "json"]).run();
    let json = said.json();
    assert_eq!(json["version"], 1);
    let checks = json["checks"].as_array().expect("checks");
    assert!(checks.len() > 40, "{said}");
    let daemon = checks.iter().find(|check| check["id"] == "incus-daemon").expect("the check of the daemon");
    assert_eq!(daemon["verdict"], "fail", "{daemon}");
    assert!(daemon["seen"].as_str().is_some_and(|seen| seen.contains("/nowhere/unix.socket")), "{daemon}");
    for check in checks {
        let verdict = check["verdict"].as_str().expect("a verdict");
        assert!(["ok", "warn", "fail", "unknown"].contains(&verdict), "{check}");
        assert_eq!(check["remedy"].is_string(), verdict != "ok", "{check}");
    }
    // The code is what the checks say: something essential not seen, something failed. The daemon failed here.
    let blind = checks.iter().any(|check| check["essential"] == true && check["verdict"] == "unknown");
    assert_eq!(said.code, if blind { 3 } else { 1 }, "{said}");
    let counts: u64 = ["ok", "warn", "fail", "unknown"].iter().filter_map(|key| json["counts"][key].as_u64()).sum();
    assert_eq!(counts, checks.len() as u64);

    let human = doctor(&[]).run();
    assert_eq!(human.code, said.code, "{human}");
    for check in checks {
        assert!(human.stdout.contains(check["id"].as_str().expect("an id")), "{} is missing in {human}", check["id"]);
    }
    assert!(human.stdout.contains("    mend: install Incus, and start it"), "{human}");
    assert!(!human.stdout.contains('\u{1b}'), "no colour without a terminal");
}

#[test]
fn an_agent_that_was_forwarded_is_found() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("agent");
    let _agent = UnixListener::bind(&path).expect("a socket");
    let said = doctor(&["--format", "json"]).env("SSH_AUTH_SOCK", &path).run();
    let json = said.json();
    let check = json["checks"].as_array().expect("checks").iter().find(|check| check["id"] == "secrets-agents");
    let check = check.expect("the check of agents");
    assert_eq!(check["verdict"], "fail", "{check}");
    assert!(check["seen"].as_str().is_some_and(|seen| seen.contains(&*path.to_string_lossy())), "{check}");
}

/// Everything below a directory: what it is, when it was written and changed, and what is in it.
fn all_of(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("it can be listed") {
        let path = entry.expect("an entry").path();
        let meta = fs::symlink_metadata(&path).expect("it is there");
        let times = (meta.mtime_nsec(), meta.ctime_nsec(), meta.mode(), meta.size());
        found.push(format!("{} {times:?} {:?}", path.display(), meta.is_file().then(|| fs::read(&path).ok())));
        if meta.is_dir() {
            all_of(&path, found);
        }
    }
    found.sort();
}

#[test]
fn nothing_is_changed() {
    let dir = tempfile::tempdir().expect("a directory");
    for (path, text) in [(".ssh/id", "-----BEGIN OPENSSH PRIVATE KEY-----"), (".netrc", "password x"), ("lab/x", "")] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    let (mut before, mut after) = (Vec::new(), Vec::new());
    all_of(dir.path(), &mut before);
    let cache = dir.path().join("cache");
    let said = doctor(&["--all", "--cache-dir"]).arg(&cache).env("HOME", dir.path()).cwd(dir.path().join("lab")).run();
    assert!([1, 3].contains(&said.code), "{said}");
    all_of(dir.path(), &mut after);
    assert_eq!(before, after);
    assert!(!cache.exists(), "the cache directory was made");
}
