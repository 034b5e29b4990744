//! `init` and `wipe`: what they make, put right, refuse and delete. Looked at with Incus' own client.

use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![
    init_makes_a_lab_and_changes_nothing_twice,
    init_puts_right_what_was_changed,
    init_and_wipe_leave_alone_what_is_not_podclaws,
    init_refuses_a_subnet_that_is_taken,
    without_a_lab_nothing_is_done,
    without_permission_nothing_is_done,
];

/// Everything that the daemon has outside of instances, to see that nothing changed.
pub(crate) fn everything(daemon: &Daemon) -> String {
    let paths = [
        "/1.0/projects",
        "/1.0/storage-pools",
        "/1.0/networks",
        "/1.0/network-acls",
        "/1.0/profiles?all-projects=true",
    ];
    let list = |path: &str| {
        let mut list = daemon.get(&format!("{path}{}recursion=1", if path.contains('?') { "&" } else { "?" }));
        // The host's own interfaces come and go.
        if let Some(objects) = list.as_array_mut() {
            objects.retain(|object| object["managed"] != false);
        }
        list.to_string()
    };
    paths.map(list).join("\n")
}

fn init_makes_a_lab_and_changes_nothing_twice(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let before = everything(daemon);
    let planned = lab.podclaw(&["init", "--dry-run"]).run().ok();
    assert!(planned.ends_with("9 of 9 objects would be made or changed\n"), "{planned}");
    assert_eq!(everything(daemon), before, "a dry run changed something");

    let made = lab.podclaw(&["init"]).run().ok();
    assert!(made.ends_with(&format!("the lab {} is ready: 9 of 9 objects made or changed\n", lab.name())), "{made}");
    let project = daemon.get(&format!("/1.0/projects/{}", lab.name()));
    for (key, value) in [
        ("restricted", "true"),
        ("restricted.containers.lowlevel", "block"),
        ("restricted.containers.privilege", "isolated"),
        ("restricted.devices.disk", "managed"),
        ("restricted.networks.access", &lab.network()),
        ("user.podclaw.lab", lab.name()),
    ] {
        assert_eq!(project["config"][key], value, "{key}");
    }
    let network = daemon.get(&format!("/1.0/networks/{}", lab.network()));
    assert_eq!(network["config"]["security.acls"], format!("{}-egress", lab.name()));
    assert_eq!(network["config"]["ipv6.address"], "none");

    let before = everything(daemon);
    let again = lab.podclaw(&["init"]).run().ok();
    assert!(again.ends_with(&format!("the lab {} is as it has to be\n", lab.name())), "{again}");
    assert_eq!(everything(daemon), before, "a second init changed something");
    let json = lab.podclaw(&["init", "--format", "json"]).run().json();
    assert_eq!(json["version"], 1);
    assert!(json["steps"].as_array().is_some_and(|steps| steps.iter().all(|step| step["change"] == "keep")), "{json}");
}

fn init_puts_right_what_was_changed(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let before = everything(daemon);
    let (name, guest) = (lab.name(), format!("{}-guest", lab.name()));
    daemon.incus(&["project", "set", name, "restricted.devices.proxy=allow"]).run().ok();
    daemon.incus(&["network", "set", &lab.network(), "security.acls.default.egress.action=allow"]).run().ok();
    daemon
        .incus(&["network", "acl", "rule", "remove", &format!("{name}-egress"), "egress", "destination=10.0.0.0/8"])
        .run()
        .ok();
    lab.incus(&["profile", "set", &guest, "security.guestapi=true"]).run().ok();
    let said = lab.podclaw(&["init"]).run().ok();
    for change in [
        "    - restricted.devices.proxy: allow\n    + restricted.devices.proxy: block\n",
        "    - security.acls.default.egress.action: allow\n    + security.acls.default.egress.action: reject\n",
        "    + egress[reject 10.0.0.0/8]: private\n",
        "    - config security.guestapi: true\n    + config security.guestapi: false\n",
    ] {
        assert!(said.contains(change), "{change} is missing in\n{said}");
    }
    assert_eq!(everything(daemon), before);
}

fn init_and_wipe_leave_alone_what_is_not_podclaws(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    // Somebody else's pool, of the lab's name.
    daemon.incus(&["storage", "create", name, "dir"]).run().ok();
    let before = everything(daemon);
    for command in [&["init"][..], &["init", "--dry-run"]] {
        let said = lab.podclaw(command).run().exits(3);
        assert!(
            said.stderr.starts_with(&format!("error: the storage pool {name} exists and is not podclaw's")),
            "{said}"
        );
    }
    let wiped = lab.podclaw(&["wipe", "--yes", name]).run().exits(1);
    assert!(wiped.stdout.contains(&format!("! storage pool   {name} stays: ")), "{wiped}");
    assert_eq!(everything(daemon), before);
    daemon.incus(&["storage", "delete", name]).run().ok();

    // Somebody else's guest, volume and image in the lab.
    lab.podclaw(&["init"]).run().ok();
    lab.launch_tiny_with(&["mine", "-p", &format!("{name}-guest"), "-p", &format!("{name}-small")]);
    lab.incus(&["storage", "volume", "create", name, "theirs"]).run().ok();
    let dry = lab.podclaw(&["wipe", "--dry-run"]).run().ok();
    assert!(dry.contains("! guest          mine stays: it does not carry this lab's mark"), "{dry}");
    assert!(dry.contains("! custom volume  theirs stays: "), "{dry}");
    assert!(dry.contains("! image          "), "{dry}");
    let wiped = lab.podclaw(&["wipe", "--yes", name]).run().exits(1);
    assert!(wiped.stdout.contains("mine stays"), "{wiped}");
    assert!(lab.podclaw(&["delete", "mine"]).run().exits(3).stderr.contains("is not podclaw's"));
    assert_eq!(lab.incus(&["list", "-f", "csv", "-c", "ns"]).run().ok(), "mine,RUNNING\n");
    lab.incus(&["storage", "volume", "show", name, "theirs"]).run().ok();
    lab.incus(&["storage", "volume", "delete", name, "theirs"]).run().ok();
}

fn init_refuses_a_subnet_that_is_taken(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let other = Lab::new(daemon);
    std::fs::write(other.file(), format!("name: {}\nnetwork:\n  subnet: {}/25\n", other.name(), lab.address(9)))
        .expect("a lab file");
    let said = other.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.contains(&format!("on this host's interface {}", lab.network())), "{said}");
    assert!(said.stderr.contains("help: set another `network.subnet`"), "{said}");
}

fn without_a_lab_nothing_is_done(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let before = everything(daemon);
    for command in [
        &["list"][..],
        &["launch", "--cold"],
        &["launch", "--cold", "--dry-run"],
        &["image", "build"],
        &["image", "list"],
        &["info", "a"],
        &["delete", "a"],
    ] {
        let said = lab.podclaw(command).run().exits(3);
        let expected =
            format!("error: there is no lab {} on this daemon\nhelp: make it with `podclaw init`\n", lab.name());
        let expected = lab.typed(&expected);
        assert_eq!(said.stderr, expected, "{said}");
    }
    let said = lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    assert_eq!(said, format!("there is nothing of the lab {} to wipe\n", lab.name()));
    assert_eq!(everything(daemon), before);
}

fn without_permission_nothing_is_done(daemon: &Daemon) {
    use std::os::unix::fs::PermissionsExt;

    // Nobody can reach the program where it was built, so it is taken to where everybody can.
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let program = dir.path().join("podclaw");
    std::fs::copy(crate::common::PODCLAW, &program).expect("a copy");
    let nobody = daemon.program("setpriv").args(&["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    let said = nobody.arg(&program).args(&["list", "--socket"]).arg(daemon.socket()).run().exits(3);
    assert!(said.stderr.starts_with("error: no permission to use the Incus socket "), "{said}");
    assert!(said.stderr.contains("help: run podclaw as root, or join the group incus-admin"), "{said}");
}
