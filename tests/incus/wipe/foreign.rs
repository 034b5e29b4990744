//! What is somebody else's, wherever it is.

use super::{fill, wiped};
use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![what_is_anothers_is_named_and_never_touched];

fn what_is_anothers_is_named_and_never_touched(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 2, true);
    let other = format!("{name}o");
    let there = |args: &[&str]| daemon.incus(&["--project", &other]).args(args).run().ok();
    // Another project, with its own images and volumes, whose guest and volume are in the lab's pool and on its network.
    daemon.incus(&["project", "create", &other, "-c", "features.networks=false"]).run().ok();
    there(&["profile", "device", "add", "default", "root", "disk", "path=/", &format!("pool={name}")]);
    there(&["profile", "device", "add", "default", "eth0", "nic", &format!("network={}", lab.network())]);
    there(&["image", "import", crate::harness::tiny::image().to_str().expect("a path"), "--alias", "tiny"]);
    there(&["launch", "tiny", "theirs"]);
    there(&["storage", "volume", "create", name, "data"]);
    // And in the lab's own project.
    lab.incus(&["profile", "create", "unmarked"]).run().ok();
    lab.incus(&["storage", "volume", "create", name, "unmarked"]).run().ok();
    lab.launch_tiny_with(&["mine", "-p", &format!("{name}-guest"), "-p", &format!("{name}-small")]);
    let state = || {
        let paths = [
            format!("/1.0/instances/theirs?project={other}"),
            format!("/1.0/instances/mine?project={name}"),
            format!("/1.0/profiles/unmarked?project={name}"),
            format!("/1.0/profiles/{name}-guest?project={name}"),
            format!("/1.0/storage-pools/{name}/volumes/custom/unmarked?project={name}"),
            format!("/1.0/storage-pools/{name}/volumes/custom/data?project={other}"),
            format!("/1.0/images?recursion=1&project={other}"),
            format!("/1.0/networks/{}", lab.network()),
        ];
        paths.map(|path| {
            let mut found = daemon.get(&path);
            // What uses it changes as guests of the lab go.
            let _ = found.as_object_mut().map(|object| object.remove("used_by"));
            found.to_string()
        })
    };
    let before = state();
    let wiped_once = lab.podclaw(&["wipe", "--yes", name]).run().exits(1);
    for line in [
        format!("! guest          theirs (project {other}) stays: it does not carry this lab's mark"),
        format!("! custom volume  data (project {other}) stays: it does not carry this lab's mark"),
        "! guest          mine stays: it does not carry this lab's mark".into(),
        "! profile        unmarked stays: it does not carry this lab's mark".into(),
        format!("! profile        {name}-guest stays: it is used by guest mine of the project {name}"),
        "! custom volume  unmarked stays: it does not carry this lab's mark".into(),
        format!("! project        {name} stays: it holds guest mine, "),
        format!("! network        {} stays: it is used by ", lab.network()),
        format!("! firewall table podclaw_{name} stays: it keeps in what stays"),
        format!("! storage pool   {name} stays: it is used by "),
    ] {
        assert_eq!(wiped_once.stdout.matches(&line).count(), 2, "{line:?} before and after: {wiped_once}");
    }
    assert_eq!(state(), before);
    let left = lab.incus(&["list", "-f", "csv", "-c", "ns"]).run().ok();
    assert_eq!(left, "mine,RUNNING\n", "{wiped_once}");
    // The network of who stays works: nobody is cut off any more.
    let tables = daemon.program("nft").args(&["list", "tables"]).run().ok();
    assert!(!tables.contains(&format!("bridge podclaw_{name}\n")), "{tables}");

    there(&["delete", "--force", "theirs"]);
    there(&["storage", "volume", "delete", name, "data"]);
    there(&["profile", "device", "remove", "default", "root"]);
    there(&["profile", "device", "remove", "default", "eth0"]);
    there(&["image", "delete", "tiny"]);
    daemon.incus(&["project", "delete", &other]).run().ok();
    lab.incus(&["delete", "--force", "mine"]).run().ok();
    lab.incus(&["profile", "delete", "unmarked"]).run().ok();
    lab.incus(&["storage", "volume", "delete", name, "unmarked"]).run().ok();
    wiped(&lab);
}
