//! Everything that a lab can have, in every state that it can be in.

use super::{fill, wiped};
use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![whatever_state_it_is_in_it_goes, levels_and_what_is_spared];

fn whatever_state_it_is_in_it_goes(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 5, true);
    let mark = format!("user.podclaw.lab={name}");
    let incus = |args: &[&str]| lab.incus(args).run().ok();
    // Protected, halted, busy with a command, with a volume that two guests and a profile have.
    incus(&["config", "set", "g0", "security.protection.delete=true"]);
    incus(&["pause", "g1"]);
    let command = lab.podclaw(&["exec", "g2", "--", "sleep", "1000"]).start();
    incus(&["storage", "volume", "create", name, "shared", &mark]);
    // The daemon gives it to one that runs only, as each has user ids of its own.
    incus(&["stop", "--force", "g4"]);
    for guest in ["g3", "g4"] {
        incus(&["storage", "volume", "attach", name, "shared", guest, "/mnt"]);
    }
    incus(&["profile", "create", "with-volume"]);
    incus(&["profile", "set", "with-volume", &mark]);
    incus(&[
        "profile",
        "device",
        "add",
        "with-volume",
        "v",
        "disk",
        &format!("pool={name}"),
        "source=shared",
        "path=/v",
    ]);
    // And the default profile, which can't be deleted.
    incus(&["profile", "device", "add", "default", "v", "disk", &format!("pool={name}"), "source=shared", "path=/v"]);
    let said = wiped(&lab);
    for line in ["- guest          g0", "- custom volume  shared", "- profile        with-volume", "- storage pool   "]
    {
        assert!(said.contains(line), "{line} is missing in {said}");
    }
    assert!(said.contains("to revoke elsewhere:\n  the model keys"), "{said}");
    assert_ne!(command.wait().code, 0);
    // What is gone is gone, and that is fine.
    let again = lab.podclaw(&["wipe", "--yes", name]).run().ok();
    assert_eq!(again, format!("there is nothing of the lab {name} to wipe\n"));
}

fn levels_and_what_is_spared(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 2, true);
    let said = lab.podclaw(&["wipe", "--level", "guests", "--yes", name]).run().ok();
    assert!(said.contains(&format!("the guests of the lab {name} are gone: 2 objects deleted")), "{said}");
    assert_eq!(lab.podclaw(&["list", "--format", "json"]).run().json()["guests"], serde_json::json!([]));
    // The lab is as it was, but for them.
    assert!(lab.podclaw(&["init"]).run().ok().ends_with("is as it has to be\n"));

    fill(&lab, 2, true);
    let said = lab.podclaw(&["wipe", "--keep", "images", "--yes", name]).run().ok();
    assert!(said.contains("stays: --keep images") && said.contains("is gone but for its images"), "{said}");
    assert_eq!(lab.incus(&["image", "list", "tiny", "-f", "csv", "-c", "l"]).run().ok(), "tiny\n");
    assert_eq!(lab.incus(&["list", "-f", "csv", "-c", "n"]).run().ok(), "");
    let networks = daemon.incus(&["network", "list", "-f", "csv"]).run().ok();
    assert!(!networks.contains(&lab.network()), "{networks}");

    let said = lab.podclaw(&["wipe", "--level", "lab", "--reset", "--yes", name]).run().ok();
    assert!(said.contains(&format!("the lab {name} is made anew: ")), "{said}");
    assert!(said.contains("; before the first launch: "), "{said}");
    assert!(lab.podclaw(&["init"]).run().ok().ends_with("is as it has to be\n"));
    let pool = daemon.get(&format!("/1.0/storage-pools/{name}"));
    let level = lab.podclaw(&["wipe", "--level", "lab", "--yes", name]).run().ok();
    assert!(!level.contains("storage pool"), "{level}");
    assert_eq!(daemon.get(&format!("/1.0/storage-pools/{name}"))["config"], pool["config"]);
    wiped(&lab);
}
