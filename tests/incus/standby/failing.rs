//! What happens where guests that are to stand by can't be launched: a timer must not try it for ever.

use serde_json::{Value, json};

use super::{podclaw, that_are};
use crate::harness::{Daemon, Gateway, Lab, Test, tests};
use crate::launches::{instances, ready};

pub(crate) const TESTS: &[Test] = tests![a_lab_in_which_launches_fail_is_left_alone_for_a_while];

fn standby(lab: &Lab) -> Value {
    podclaw(lab, &["list"]).run().json()["standby"].clone()
}

fn a_lab_in_which_launches_fail_is_left_alone_for_a_while(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Crashes, "");
    assert_eq!(standby(&lab), json!({ "count": 0, "failures": null }));
    let failed = lab.podclaw(&["pool", "--standby", "1"]).timeout(super::LONG).run().exits(3);
    assert!(failed.stderr.contains("cannot bake an image"), "{failed}");
    let first = standby(&lab);
    assert_eq!((&first["count"], &first["failures"]["count"]), (&json!(1), &json!(1)), "{first}");
    assert!(first["failures"]["reason"].as_str().is_some_and(|why| why.contains("cannot bake an image")), "{first}");

    // The next one makes nothing, and says why. `init` keeps what was written down, and is no attempt.
    lab.podclaw(&["init"]).run().ok();
    let held = lab.podclaw(&["pool"]).run().exits(3);
    let said = "no guest is launched to stand by before ";
    assert!(held.stderr.contains(said) && held.stderr.contains("1 attempt failed"), "{held}");
    assert!(held.stderr.contains("help: mend what made it fail"), "{held}");
    assert!(!held.stderr.contains("✓ created"), "{held}");
    assert!(lab.podclaw(&["list"]).run().exits(0).stderr.contains("guests that are to stand by: 1; 1 attempt failed"));
    assert_eq!((standby(&lab), instances(&lab)), (first.clone(), json!([])));

    // When it is time, the next one tries; and the wait is longer.
    let key = "user.podclaw.standby-failures";
    let long_ago = json!({ "count": 1, "last": "2026-01-01T00:00:00Z", "reason": "x" });
    daemon.incus(&["project", "set", lab.name(), &format!("{key}={long_ago}")]).run().ok();
    let again = lab.podclaw(&["pool"]).timeout(super::LONG).run().exits(3);
    assert!(again.stderr.contains("cannot bake an image"), "{again}");
    assert_eq!(standby(&lab)["failures"]["count"], 2);

    // By hand it is tried at once; what goes well ends it.
    let file = std::fs::read_to_string(lab.file()).expect("a lab file");
    std::fs::write(lab.file(), file.replace(&Gateway::Crashes.lab_file(), &Gateway::Works.lab_file())).expect("a file");
    lab.podclaw(&["image", "build", "--update-lock"]).timeout(super::LONG).run().ok();
    let filled = lab.podclaw(&["pool", "--standby", "1"]).timeout(super::LONG).run().exits(0);
    assert_eq!(standby(&lab), json!({ "count": 1, "failures": null }), "{filled}");
    assert_eq!(that_are(&lab, "standby").len(), 1);

    // So does a launch of a later one, and none stands in its way where nothing is missing.
    daemon.incus(&["project", "set", lab.name(), &format!("{key}={long_ago}")]).run().ok();
    lab.podclaw(&["launch"]).run().ok();
    lab.podclaw(&["pool"]).timeout(super::LONG).run().ok();
    assert_eq!(standby(&lab), json!({ "count": 1, "failures": null }));
}
