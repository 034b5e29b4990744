//! `--quarantine`: guests are harmless before anybody is asked.

use super::{fill, wiped};
use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] =
    tests![guests_are_cut_off_and_halted_before_anybody_is_asked, evidence_is_kept_before_anything_is_deleted];

fn guests_are_cut_off_and_halted_before_anybody_is_asked(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 2, true);
    lab.give_address("g0");
    lab.launch_tiny_with(&["mine", "-p", &format!("{name}-guest"), "-p", &format!("{name}-small")]);
    let reaches =
        |from: &str| lab.incus(&["exec", from, "--", "nslookup", "localhost", &lab.address(1)]).run().code == 0;
    assert!(reaches("g0"), "a guest does not reach its resolver");
    let states = || lab.incus(&["list", "-f", "csv", "-c", "ns"]).run().ok();
    let dry = lab.podclaw(&["wipe", "--quarantine", "--dry-run"]).run().ok();
    assert!(!dry.contains("quarantine") && !states().contains("FROZEN"), "a dry run changes something: {dry}");

    // Nobody types the name, and what was asked for in words stays.
    let said = lab.podclaw(&["wipe", "--quarantine"]).run().exits(2);
    assert!(
        said.stdout.contains("quarantine: 2 guests cut off after ") && said.stdout.contains("2 of them frozen"),
        "{said}"
    );
    assert!(said.stderr.contains("was not typed; its guests stay frozen and cut off"), "{said}");
    assert_eq!(states(), "g0,FROZEN\ng1,FROZEN\nmine,RUNNING\n");
    let table = || daemon.program("nft").args(&["list", "table", "bridge", &format!("podclaw_{name}")]).run();
    let end = |guest: &str| {
        let found = daemon.get(&format!("/1.0/instances/{guest}?project={name}"));
        found["config"]["volatile.eth0.host_name"].as_str().expect("an interface").to_owned()
    };
    let cut = table().ok();
    assert!(cut.contains(&end("g0")) && cut.contains(&end("g1")) && !cut.contains(&end("mine")), "{cut}");
    lab.incus(&["resume", "g0"]).run().ok();
    assert!(!reaches("g0"), "a guest that was cut off reaches its resolver");

    // It is no state that a lab is used in.
    let differs = lab.podclaw(&["init", "--dry-run"]).run().ok();
    assert!(differs.contains("@cut drop"), "{differs}");
    lab.podclaw(&["init"]).run().ok();
    assert!(table().code != 0 && reaches("g0"), "init does not take it back");

    let all = lab.podclaw(&["wipe", "--quarantine", "--level", "guests", "--yes", name]).run().exits(1);
    assert!(all.stdout.contains("mine stays"), "{all}");
    assert_eq!(states(), "mine,RUNNING\n");
    assert_ne!(table().code, 0, "nobody is left to be cut off");
    lab.incus(&["delete", "--force", "mine"]).run().ok();
    wiped(&lab);
}

fn evidence_is_kept_before_anything_is_deleted(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 2, true);
    lab.incus(&["exec", "g0", "--", "sh", "-c", "echo clue >/root/clue"]).run().ok();
    let there = lab.dir().join("there");
    std::fs::create_dir(&there).expect("a directory");
    let wipe = |place: &std::path::Path| {
        let wipe = lab.podclaw(&["wipe", "--yes", name, "--evidence"]).arg(place);
        wipe.timeout(std::time::Duration::from_mins(5)).run()
    };
    let refused = wipe(&there).exits(3);
    assert!(refused.stderr.contains("the evidence is not complete, so nothing was deleted: "), "{refused}");
    assert_eq!(lab.incus(&["list", "-f", "csv", "-c", "ns"]).run().ok(), "g0,FROZEN\ng1,FROZEN\n");

    let place = lab.dir().join("evidence");
    let said = wipe(&place).exits(0);
    assert!(said.stdout.contains("evidence: ") && said.stdout.ends_with("nothing is left\n"), "{said}");
    let list: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.join("evidence.json")).expect("a list")).expect("JSON");
    let files: Vec<&str> =
        list["files"].as_array().expect("files").iter().filter_map(|it| it["file"].as_str()).collect();
    for file in ["plan.json", "project.json", "instances.json", "g0.console.log", "g1.tar.gz"] {
        assert!(files.contains(&file), "{file} is not in {files:?}");
    }
    for file in list["files"].as_array().expect("files") {
        let path = place.join(file["file"].as_str().expect("a name"));
        let sum = daemon.program("sha256sum").arg(&path).run().ok();
        assert_eq!(format!("sha256:{}", &sum[..64]), file["digest"].as_str().expect("a digest"), "{file}");
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).expect("it").permissions()) & 0o777,
            0o600
        );
    }
    let clue =
        daemon.program("tar").args(&["-xzOf"]).arg(place.join("g0.tar.gz")).arg("backup/container/rootfs/root/clue");
    assert_eq!(clue.run().ok(), "clue\n");
}
