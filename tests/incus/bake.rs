//! Baking: what is made, what two guests that are made from it share, and that a bake which fails leaves nothing.

mod offline;
mod others;
mod trust;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::launches::{instances, ready};
use crate::common::Output;
use crate::harness::{Daemon, Gateway, Lab, Test, tests};
use offline::the_gateway_of_a_bake_has_no_network;
use others::{
    a_seal_goes_on_where_one_was_killed, bakes_with_caches_of_their_own_make_one_image,
    what_changes_during_a_bake_is_seen, what_the_gateway_left_is_removed_or_named,
};
use trust::{only_what_the_project_names_is_used, what_is_published_is_looked_at};

pub(crate) const TESTS: &[Test] = tests![
    guests_of_one_bake_share_nothing_of_their_own,
    two_bakes_at_once_make_one_image,
    a_bake_that_fails_leaves_a_log,
    a_killed_bake_leaves_no_image,
    a_pool_that_is_too_small,
    only_what_the_project_names_is_used,
    what_is_published_is_looked_at,
    the_gateway_of_a_bake_has_no_network,
    bakes_with_caches_of_their_own_make_one_image,
    what_changes_during_a_bake_is_seen,
    what_the_gateway_left_is_removed_or_named,
    a_seal_goes_on_where_one_was_killed,
];

/// The images of the lab that were baked.
fn baked(lab: &Lab) -> Vec<Value> {
    let images = lab.daemon().get(&format!("/1.0/images?recursion=1&project={}", lab.name()));
    let images = images.as_array().cloned().unwrap_or_default();
    images.into_iter().filter(|image| image["properties"]["user.podclaw.bake"].is_string()).collect()
}

fn bake(lab: &Lab) -> Output {
    lab.podclaw(&["image", "bake"]).timeout(Duration::from_mins(5)).run()
}

/// Every file of a guest: what it is, its mode and owner, and the digest of what is in it.
fn tree(lab: &Lab, guest: &str) -> BTreeMap<String, String> {
    let script = "cd /; find . -xdev -path ./proc -prune -o -path ./sys -prune -o -path ./dev -prune -o -path ./run -prune \
                  -o \\( -type f -printf '%P\\tf %m %U:%G ' -exec sha256sum -z {} \\; -printf '\\n' \\) \
                  -o -printf '%P\\t%y %m %U:%G %l\\n'";
    let said = lab.exec(&[guest, "--", "bash", "-c", script], "").ok();
    said.replace('\0', "")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(path, is)| (path.into(), is.into()))
        .collect()
}

/// What of a guest is its own: its name, its token and what is derived from chance, and what it wrote since it was made.
fn is_its_own(path: &str) -> bool {
    let files = [
        "etc/hostname",
        "etc/hosts",
        "etc/machine-id",
        "home/openclaw/.config/podclaw/gateway.env",
        "var/lib/systemd/random-seed",
        "var/lib/systemd/credential.secret",
    ];
    let directories = [
        "var/log/",
        "var/lib/cloud/seed/",
        "var/lib/systemd/",
        "tmp/",
        "var/tmp/",
        "home/openclaw/.local/share/containers/",
        "home/openclaw/.openclaw/",
        "var/lib/podclaw/",
    ];
    files.contains(&path) || directories.iter().any(|directory| path.starts_with(directory))
}

fn guests_of_one_bake_share_nothing_of_their_own(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let said = bake(&lab).exits(0);
    assert!(said.stdout.contains("is made"), "{said}");
    let [image] = &*baked(&lab) else { panic!("not one image: {:?}", baked(&lab)) };
    assert!(bake(&lab).exits(0).stdout.contains("is there already"));
    let listed = lab.podclaw(&["image", "list", "--format", "json"]).run().json();
    let kinds: Vec<&Value> = listed["images"].as_array().into_iter().flatten().map(|image| &image["kind"]).collect();
    assert!(kinds.contains(&&json!("baked")), "{listed}");
    assert_eq!(instances(&lab), json!([]));

    // Launched from it: nothing is pushed, and stages 1, 3 and 4 are done.
    let launched = lab.podclaw(&["launch", "a"]).run().exits(0);
    assert!(launched.stderr.contains("1/7 packages skipped: done in the bake"), "{launched}");
    assert!(launched.stderr.contains("4/7 gateway image skipped: done in the bake"), "{launched}");
    assert!(!launched.stderr.contains("gateway image pushed"), "{launched}");
    lab.podclaw(&["launch", "b"]).run().ok();
    let guest = |name: &str| lab.podclaw(&["info", name, "--format", "json"]).run().json()["guest"].clone();
    let receipt = &guest("a")["receipt"];
    assert_eq!(receipt["baked"], image["fingerprint"], "{receipt}");
    assert_eq!(guest("a")["mismatches"], json!([]));
    assert_eq!(receipt["stages"].as_array().map(Vec::len), Some(7), "{receipt}");
    let audit = lab.podclaw(&["audit"]).run();
    assert!(!audit.stdout.contains("live-image") && !audit.stdout.contains("live-receipt error"), "{audit}");

    // All files of the two: what differs is what a guest has of its own, and what is its own differs.
    let (a, b) = (tree(&lab, "a"), tree(&lab, "b"));
    assert!(a.len() > 10_000, "only {} files", a.len());
    let differs = |path: &&String| a.get(*path) != b.get(*path);
    let strange: Vec<_> = a.keys().chain(b.keys()).filter(differs).filter(|path| !is_its_own(path)).collect();
    assert!(strange.is_empty(), "these differ: {strange:?}");
    for own in ["etc/hostname", "etc/machine-id", "home/openclaw/.config/podclaw/gateway.env"] {
        assert!(a.contains_key(own) && a.get(own) != b.get(own), "{own} is the same in both");
    }
    for shared in ["var/lib/systemd/random-seed", "var/lib/systemd/credential.secret"] {
        assert!(!a.contains_key(shared) || a.get(shared) != b.get(shared), "{shared} is the same in both");
    }
    // Nothing of the builder: its name is nowhere but where the image's own scripts speak of it, and no log is older.
    let builder =
        "grep -rIl --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --exclude-dir=run podclaw-bake / | head";
    assert_eq!(lab.exec(&["a", "--", "bash", "-c", builder], "").stdout, "", "the builder's name is in files");
    let reboot = lab.incus(&["restart", "--force", "a"]).run();
    assert_eq!(reboot.code, 0, "{reboot}");
    let up = "for i in $(seq 120); do curl -s http://127.0.0.1:18789/startupz | grep -q started && exit 0; sleep 0.5; done; exit 1";
    lab.exec(&["a", "--", "bash", "-c", up], "").ok();

    // Something else goes in: another image, and the one before goes.
    lab.set_file(&format!("{}limits: {{memory: 2GiB}}\n", Gateway::Works.lab_file()));
    assert_eq!(baked(&lab).len(), 1);
}

fn two_bakes_at_once_make_one_image(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let bakes = [(), ()].map(|()| lab.podclaw(&["image", "bake"]).timeout(Duration::from_mins(5)).start());
    let said = bakes.map(|bake| bake.wait().exits(0).stdout);
    assert_eq!(said.iter().filter(|said| said.contains("is made")).count(), 2, "{said:?}");
    let [image] = &*baked(&lab) else { panic!("not one image: {:?}", baked(&lab)) };
    let fingerprint = image["fingerprint"].as_str().expect("a fingerprint");
    assert!(said.iter().all(|said| said.contains(fingerprint)), "{said:?}");
    assert_eq!(instances(&lab), json!([]));
}

fn a_bake_that_fails_leaves_a_log(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Crashes, "");
    let before = lab.daemon().get(&format!("/1.0/images?project={}", lab.name()));
    // `launch` bakes by itself, and says so.
    let said = lab.podclaw(&["launch", "a"]).timeout(Duration::from_mins(5)).run().exits(3);
    assert!(said.stderr.contains("there is no baked image for this podclaw.lock yet"), "{said}");
    assert!(said.stderr.contains("cannot bake an image: stage 7/7 gateway start failed"), "{said}");
    let log = said.stderr.split("all that the builder said is in ").nth(1).and_then(|rest| rest.split(';').next());
    let log = fs::read_to_string(log.expect("the log is named")).expect("there is a log");
    assert!(log.contains("7-start.log") && log.contains("\"outcome\":\"failed\""), "{log}");
    assert_eq!(instances(&lab), json!([]));
    assert_eq!(lab.daemon().get(&format!("/1.0/images?project={}", lab.name())), before);
}

fn a_killed_bake_leaves_no_image(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    for phase in ["created", "started", "4/7", "7/7", "sealed", "published"] {
        let mut bake = lab.podclaw(&["image", "bake"]).start();
        bake.wait_for(&format!("✓ bake: {phase}"));
        // In the middle of what follows.
        std::thread::sleep(Duration::from_millis(400));
        bake.signal(Signal::KILL);
        drop(bake.wait());
        if phase == "published" {
            break;
        }
        assert_eq!(baked(&lab), Vec::<Value>::new(), "after {phase}");
    }
    // Whatever the last one left: it is whole, or made again, and what was in the way is gone.
    lab.podclaw(&["launch", "a"]).timeout(Duration::from_mins(5)).run().ok();
    assert_eq!(baked(&lab).len(), 1);
    assert_eq!(instances(&lab), json!([format!("/1.0/instances/a?project={}", lab.name())]));

    // Ctrl-C cleans up at once.
    let image = baked(&lab)[0]["fingerprint"].as_str().expect("a fingerprint").to_owned();
    lab.podclaw(&["image", "delete", &image]).run().ok();
    let mut bake = lab.podclaw(&["image", "bake"]).start();
    bake.wait_for("✓ bake: 3/7");
    bake.signal(Signal::INT);
    assert!(bake.wait().exits(3).stderr.contains("cancelled"));
    assert_eq!(instances(&lab).as_array().map(Vec::len), Some(1));
    assert_eq!(baked(&lab), Vec::<Value>::new());
}

fn a_pool_that_is_too_small(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    let file = fs::read_to_string(lab.file()).expect("a lab file");
    // Enough for the builder, and not for the image that is made of it besides.
    fs::write(lab.file(), file.replace("size: 8GiB", "size: 650MiB")).expect("a lab file");
    lab.podclaw(&["init"]).run().ok();
    lab.podclaw(&["image", "build"]).run().ok();
    let said = bake(&lab).exits(3);
    assert!(said.stderr.to_lowercase().contains("no space left") || said.stderr.contains("quota"), "{said}");
    assert!(said.stderr.contains("help: free space in the lab's pool"), "{said}");
    assert_eq!(instances(&lab), json!([]));
    assert_eq!(baked(&lab), Vec::<Value>::new());
}
