//! The plan as a diff, and what `init` does not do to guests that run without being told.

use std::fs;

use serde_json::Value;

use crate::common::Program;
use crate::harness::{Daemon, Lab, Test, tests};

pub(super) const TESTS: &[Test] = tests![
    the_plan_shows_all_that_would_be_made,
    guests_that_run_keep_their_network,
    guests_that_run_keep_what_they_use,
    a_guest_in_the_way_is_named,
    the_fence_stands_as_long_as_the_lab,
    who_cannot_put_up_the_fence_leaves_the_bridge_alone,
];

/// Launches a tiny guest of the lab's profiles.
fn launch(lab: &Lab, name: &str, more: &[&str]) {
    let profiles = ["guest", "small"].map(|name| format!("{}-{name}", lab.name()));
    lab.launch_tiny_with(&[&[name, "-p", &profiles[0], "-p", &profiles[1]], more].concat());
}

fn steps<'a>(json: &'a Value, change: &str) -> Vec<&'a Value> {
    json["steps"].as_array().expect("steps").iter().filter(|step| step["change"] == change).collect()
}

fn the_plan_shows_all_that_would_be_made(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let name = lab.name();
    let shown = lab.podclaw(&["init", "--dry-run"]).run().ok();
    for line in [
        format!("+ storage pool   {name}\n    + driver: btrfs\n    + size: 8GiB\n"),
        "    + egress[reject 169.254.0.0/16]: link-local, cloud metadata\n".into(),
        "    + egress[reject tcp 53,853 other resolvers]: 0.0.0.0/0\n".into(),
        format!("+ firewall table podclaw_{name}\n"),
        format!("    + input: iifname \"{}\" jump host\n", lab.network()),
        format!("    + ipv4.address: {}/24\n", lab.address(1)),
        "    + restricted.containers.lowlevel: block\n".into(),
        "    + limits.virtual-machines: 0\n".into(),
        "    + device eth0: security.port_isolation: true\n".into(),
    ] {
        assert!(shown.contains(&line), "{line} is missing in\n{shown}");
    }
    let json = lab.podclaw(&["init", "--dry-run", "--format", "json"]).run().json();
    assert_eq!((&json["version"], steps(&json, "create").len()), (&1.into(), 9), "{json}");
    assert!(json["steps"][0]["differences"].as_array().is_some_and(|all| all.iter().any(|it| it["key"] == "driver")));

    // What differs afterwards, and nothing else.
    lab.podclaw(&["init"]).run().ok();
    let acl = format!("{name}-egress");
    daemon.incus(&["network", "acl", "rule", "add", &acl, "egress", "action=allow", "destination=10.0.0.9"]).run().ok();
    let long = "address=/evil.example/\u{1b}[2J\n".repeat(10_000);
    let network = lab.network();
    let edit = daemon.get(&format!("/1.0/networks/{network}"));
    let mut config = edit["config"].clone();
    config["raw.dnsmasq"] = Value::from(long.replace('\u{1b}', "#\u{1b}"));
    config["ipv6.address"] = "none".into();
    let yaml = serde_json::json!({ "config": config, "description": edit["description"] }).to_string();
    let edited = daemon.incus(&["network", "edit", &network]).stdin(yaml).run();
    let planned = lab.podclaw(&["init", "--dry-run"]).run().ok();
    assert!(
        planned.contains("    - egress[allow 10.0.0.9]\n") || planned.contains("    - egress[allow 10.0.0.9/32]\n"),
        "{planned}"
    );
    assert!(!planned.contains('\u{1b}'), "{planned:?}");
    // The daemon may not take such a text; where it does, it is not printed whole.
    if edited.code == 0 {
        assert!(planned.contains(" bytes, sha256 ") && planned.len() < 4000, "{planned}");
    }
    lab.podclaw(&["init"]).run().ok();
    assert!(lab.podclaw(&["init"]).run().ok().ends_with("is as it has to be\n"));
}

fn guests_that_run_keep_their_network(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    launch(&lab, "a", &[]);
    // Another subnet in the lab file, and something that loosens the bridge.
    let file = fs::read_to_string(lab.file()).expect("the lab file");
    let moved = file.replace(&format!("{}/24", lab.address(1)), &format!("{}/25", lab.address(1)));
    fs::write(lab.file(), &moved).expect("the lab file");
    daemon.incus(&["network", "set", &lab.network(), "security.acls.default.egress.action=allow"]).run().ok();
    let said = lab.podclaw(&["init"]).run().exits(1);
    assert!(
        said.stdout.contains("held back: guests that run would lose their connection until they are restarted: a\n"),
        "{said}"
    );
    assert!(
        said.stdout.ends_with(&lab.typed("`podclaw init --disrupt` does it now, or stop the guests first\n")),
        "{said}"
    );
    let network = || daemon.get(&format!("/1.0/networks/{}", lab.network()))["config"].clone();
    assert_eq!(network()["ipv4.address"], format!("{}/24", lab.address(1)));
    assert_eq!(network()["security.acls.default.egress.action"], "reject", "what closes is not held back");
    let json = lab.podclaw(&["init", "--dry-run", "--format", "json"]).run().json();
    let held = steps(&json, "hold");
    assert_eq!((held.len(), &held[0]["differences"][0]["key"]), (1, &"ipv4.address".into()), "{json}");
    let launched = lab.podclaw(&["launch", "--cold", "--dry-run"]).run().exits(3);
    assert!(launched.stderr.contains("it is held back: guests that run"), "{launched}");

    lab.podclaw(&["init", "--disrupt"]).run().ok();
    assert_eq!(network()["ipv4.address"], format!("{}/25", lab.address(1)));
    fs::write(lab.file(), &file).expect("the lab file");
    lab.incus(&["stop", "--force", "a"]).run().ok();
    lab.podclaw(&["init"]).run().ok();
    assert_eq!(network()["ipv4.address"], format!("{}/24", lab.address(1)));
}

fn guests_that_run_keep_what_they_use(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let standard = ["guest", "standard"].map(|name| format!("{}-{name}", lab.name()));
    lab.launch_tiny_with(&["a", "-p", &standard[0], "-p", &standard[1]]);
    let fill = "head -c 40000000 /dev/zero | sleep 1000 & tail -c 40000000 /dev/zero >/dev/null 2>&1 & sleep 2";
    lab.incus(&["exec", "a", "--", "sh", "-c", fill]).run();
    lab.set_file("limits: {memory: 8MiB, processes: 1000}\n");
    let said = lab.podclaw(&["init"]).run().exits(1);
    assert!(said.stdout.contains("held back: guests that run use more than that, up to "), "{said}");
    let profile = daemon.get(&format!("/1.0/profiles/{}?project={}", standard[1], lab.name()));
    assert_eq!(profile["config"]["limits.memory"], "3GiB");
    assert_eq!(profile["config"]["limits.processes"], "1000", "the rest is done");

    // How long a card's queue is contains nothing; its isolation does.
    lab.set_file("");
    lab.incus(&["profile", "device", "set", &standard[0], "eth0", "queue.tx.length=500"]).run().ok();
    let said = lab.podclaw(&["init"]).run().exits(1);
    assert!(
        said.stdout.contains("held back: the card of guests that run would be taken out and put in again: a\n"),
        "{said}"
    );
    lab.incus(&["profile", "device", "set", &standard[0], "eth0", "security.port_isolation=false"]).run().ok();
    lab.podclaw(&["init"]).run().ok();
    let guest = daemon.get(&format!("/1.0/instances/a?project={}", lab.name()));
    assert_eq!(guest["expanded_devices"]["eth0"]["security.port_isolation"], "true");
    assert_eq!(guest["expanded_devices"]["eth0"]["queue.tx.length"], Value::Null);
}

fn a_guest_in_the_way_is_named(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let name = lab.name();
    for key in ["restricted.containers.privilege=allow", "restricted.devices.proxy=allow", "restricted.snapshots=allow"]
    {
        daemon.incus(&["project", "set", name, key]).run().ok();
    }
    launch(&lab, "bad", &["-c", "security.privileged=true"]);
    let said = lab.podclaw(&["init"]).run().exits(1);
    assert!(
        said.stdout.contains("held back: ") && said.stdout.contains("container \\\"bad\\\"")
            || said.stdout.contains("\"bad\""),
        "{said}"
    );
    assert!(said.stdout.contains("change or delete the guest or profile that is named"), "{said}");
    assert!(!said.stdout.contains("--disrupt"), "nothing but the guest's end helps: {said}");
    lab.incus(&["delete", "--force", "bad"]).run().ok();
    lab.podclaw(&["init"]).run().ok();
    assert_eq!(daemon.get(&format!("/1.0/projects/{name}"))["config"]["restricted.containers.privilege"], "isolated");
}

fn the_fence_stands_as_long_as_the_lab(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let table = format!("podclaw_{}", lab.name());
    let stands = || Program::new("nft").args(&["list", "table", "inet", &table]).run().code == 0;
    assert!(stands());
    // A launch looks for it, also where somebody else changed but one rule.
    Program::new("nft").arg(format!("insert rule inet {table} egress accept")).run().ok();
    let refused = lab.podclaw(&["launch", "--cold", "--dry-run"]).run().exits(3);
    assert!(
        refused.stderr.contains(&format!("firewall table {table} is not as it has to be: egress: \"accept\" -> unset")),
        "{refused}"
    );
    lab.remove_fence();
    let refused = lab.podclaw(&["launch", "--cold", "--dry-run"]).run().exits(3);
    assert!(
        refused.stderr.contains(&format!("firewall table {table} is not as it has to be: it is missing")),
        "{refused}"
    );
    lab.podclaw(&["init"]).run().ok();
    assert!(stands());

    let plan = lab.podclaw(&["wipe", "--dry-run"]).run().ok();
    assert!(plan.contains(&format!("- firewall table {table}\n")), "{plan}");
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    assert!(!stands(), "it is left");
}

fn who_cannot_put_up_the_fence_leaves_the_bridge_alone(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    // Root's user id without its power over the network; the daemon trusts it all the same.
    let init = || {
        let weak = daemon.program("setpriv").arg("--bounding-set=-net_admin,-sys_admin").arg(crate::common::PODCLAW);
        let weak = weak.arg("--socket").arg(daemon.socket()).arg("--lab-file").arg(lab.file());
        weak.cwd(lab.dir()).arg("init").run()
    };
    let made = init().exits(3);
    assert!(made.stdout.contains("    not seen: only root may see and change the host's firewall\n"), "{made}");
    let (file, socket) = (lab.file(), daemon.socket());
    let root = format!("`sudo podclaw --lab-file {} --socket {} init`\n", file.display(), socket.display());
    assert!(made.stdout.ends_with(&format!("what could not be seen needs root: {root}")), "{made}");
    lab.import_tiny();
    launch(&lab, "a", &[]);
    daemon.incus(&["network", "set", &lab.network(), "ipv4.dhcp.expiry=2h"]).run().ok();
    let held = init().exits(3);
    assert!(held.stdout.contains("held back: Incus takes the bridge's rules away while it changes it"), "{held}");
    let network = || daemon.get(&format!("/1.0/networks/{}", lab.network()))["config"]["ipv4.dhcp.expiry"].clone();
    assert_eq!(network(), "2h");
    lab.podclaw(&["init"]).run().ok();
    assert_eq!(network(), Value::Null);
}
