//! What happens where guests that are to stand by can't be launched: a timer must not try it for ever.

use serde_json::{Value, json};

use super::{podclaw, that_are};
use crate::common::Program;
use crate::failures::own_data;
use crate::harness::{Daemon, Gateway, Lab, Test, tests};
use crate::launches::{instances, ready};

pub(crate) const TESTS: &[Test] = tests![a_lab_in_which_launches_fail_is_left_alone_for_a_while, a_timer_is_of_one_lab];

fn standby(lab: &Lab) -> Value {
    podclaw(lab, &["list"]).run().json()["standby"].clone()
}

fn a_lab_in_which_launches_fail_is_left_alone_for_a_while(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let stage = own_data(&lab).join("cloud-init/stages/3-user.sh");
    lab.set_file(&format!("{}data: data\n", Gateway::Works.lab_file()));
    let works = std::fs::read_to_string(&stage).expect("a script");
    std::fs::write(&stage, "#!/bin/bash\nsource /usr/local/lib/podclaw/lib.sh\nfalse\n").expect("a script");
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
    std::fs::write(&stage, works).expect("a script");
    let filled = lab.podclaw(&["pool", "--standby", "1"]).timeout(super::LONG).run().exits(0);
    assert_eq!(standby(&lab), json!({ "count": 1, "failures": null }), "{filled}");
    assert_eq!(that_are(&lab, "standby").len(), 1);

    // So does a launch of a later one, and none stands in its way where nothing is missing.
    daemon.incus(&["project", "set", lab.name(), &format!("{key}={long_ago}")]).run().ok();
    lab.podclaw(&["launch"]).run().ok();
    lab.podclaw(&["pool"]).timeout(super::LONG).run().ok();
    assert_eq!(standby(&lab), json!({ "count": 1, "failures": null }));
}

fn a_timer_is_of_one_lab(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let units = lab.dir().join("units");
    std::fs::create_dir(&units).expect("a directory");
    let in_units = ["--unit-dir", units.to_str().expect("a path")];
    let missing = lab.podclaw(&["pool", "--install-timer"]).args(&in_units).run().exits(3);
    assert!(missing.stderr.contains("there is no lab"), "{missing}");
    lab.podclaw(&["init"]).run().ok();
    lab.podclaw(&["pool", "--install-timer"]).args(&in_units).run().ok();
    let file = |ending: &str| units.join(format!("podclaw-pool-{}.{ending}", lab.name()));
    let service = std::fs::read_to_string(file("service")).expect("a unit");
    let start = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    // What it names works without this directory, and without any variable.
    let words: Vec<&str> = start.trim_matches('"').split("\" \"").collect();
    let run = Program::new(words[0]).args(&words[1..]).run().exits(0);
    assert!(run.stderr.contains("no guest stands by"), "{run}");
    if Program::new("which").arg("systemd-analyze").run().code == 0 {
        for ending in ["service", "timer"] {
            Program::new("systemd-analyze").args(&["verify", file(ending).to_str().expect("a path")]).run().ok();
        }
    }
    lab.podclaw(&["pool", "--remove-timer"]).args(&in_units).run().ok();
    assert_eq!(std::fs::read_dir(&units).expect("a directory").count(), 0);
}
