//! The floor: what must never be there, in any spelling and from any layer.

use podclaw::profile::Layer;

use super::{lab, library, with};

/// The refusals of the default stack with one more profile, as text.
fn refusals(extra: &str) -> Vec<String> {
    with(extra, &Layer::default()).check(&lab()).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn refused(extra: &str, subject: &str) {
    let found = refusals(extra);
    assert!(found.iter().any(|refusal| refusal.contains(subject)), "{extra:?} gives {found:?}");
}

#[test]
fn the_shipped_stacks_pass() {
    for size in ["standard", "small", "large"] {
        let stack = library().stack(["guest", size]).unwrap();
        assert_eq!(stack.effective(&Layer::default()).check(&lab()), [], "{size}");
    }
}

#[test]
fn what_podclaw_itself_sets_passes() {
    let instance = Layer {
        config: [
            ("cloud-init.user-data", "#cloud-config\nruncmd: []\n"),
            ("user.podclaw.lab", "t1"),
            ("user.podclaw.receipt", r#"{"version":1}"#),
        ]
        .map(|(key, value)| (key.into(), value.into()))
        .into(),
        ..Layer::default()
    };
    assert_eq!(with("", &instance).check(&lab()), []);
}

#[test]
fn privileged_in_every_spelling() {
    for spelling in ["true", "TRUE", "tRuE", "1", "yes", "Yes", "on", "oN", "maybe", " true", "true "] {
        refused(&format!("config:\n  security.privileged: \"{spelling}\"\n"), "config key security.privileged");
    }
    for spelling in ["false", "False", "0", "no", "oFF"] {
        let found = refusals(&format!("config:\n  security.privileged: \"{spelling}\"\n"));
        assert!(found.is_empty(), "{spelling}: {found:?}");
    }
}

#[test]
fn keys_that_the_policy_does_not_name() {
    for key in [
        "raw.lxc",
        "raw.apparmor",
        "raw.seccomp",
        "raw.idmap",
        "raw.new",
        "security.idmap.base",
        "security.idmap.size",
        "image.os",
        "volatile.eth0.hwaddr",
        "linux.kernel_modules",
        "linux.sysctl.net.ipv4.ip_forward",
        "environment.PATH",
        "nvidia.runtime",
        "user.user-data",
        "user.anything",
        "user.podclaw.",
        "user.podclaw.A",
        "security.syscalls.intercept.mount",
        "security.syscalls.intercept.bpf",
        "security.syscalls.allow",
        "security.syscalls.blacklist_default",
        "cloud-init.vendor-data",
        "cloud-init.network-config",
        "snapshots.schedule",
        "migration.stateful",
        "limits.kernel.memlock",
        "limits.memory.oom_priority",
        "systemd.credential.x",
        "new.in-incus-9",
        "Security.privileged",
    ] {
        refused(
            &format!("config:\n  {key}: \"1\"\n"),
            &format!("config key {key}: the policy does not allow this key"),
        );
    }
}

#[test]
fn values_that_loosen_a_vetted_one() {
    for (key, value) in [
        ("security.nesting", "false"),
        ("security.idmap.isolated", "false"),
        ("security.idmap.isolated", "true "),
        ("security.guestapi", "true"),
        ("security.guestapi", "x"),
        ("security.syscalls.deny_default", "0"),
        ("boot.autostart", "true"),
        ("boot.autostart", "1"),
        ("limits.kernel.core", "unlimited"),
        ("limits.memory.enforce", "soft"),
        ("limits.memory.swap", "1GiB"),
        ("limits.memory", "90%"),
        ("limits.memory", "-1%"),
        ("limits.memory", "3gib"),
        ("limits.cpu", "0"),
        ("limits.cpu", "1-"),
        ("limits.processes", "0"),
        ("limits.processes", "-1"),
        ("limits.processes", "8193"),
        ("limits.cpu.allowance", "50%"),
        ("user.podclaw.lab", "other"),
        ("user.podclaw.note", "a\\nb"),
        ("limits.cpu", "1\\n"),
        ("user.podclaw.note", "a\\tb\\nsecurity.privileged"),
    ] {
        refused(&format!("config:\n  {key}: \"{value}\"\n"), &format!("config key {key}: "));
    }
}

#[test]
fn an_empty_value_does_not_unset_a_vetted_one() {
    assert_eq!(refusals("config:\n  security.idmap.isolated: \"\"\n"), <Vec<String>>::new());
}

#[test]
fn what_is_missing_is_named() {
    let standard = library().stack(["standard"]).unwrap().effective(&Layer::default());
    let found: Vec<String> = standard.check(&lab()).iter().map(|refusal| refusal.subject.clone()).collect();
    let guest = ["boot.autostart", "security.guestapi", "security.idmap.isolated", "security.nesting"];
    for key in
        guest.map(|key| format!("config key {key}")).into_iter().chain(["root disk".into(), "network card".into()])
    {
        assert!(found.contains(&key), "{key} is not in {found:?}");
    }
    let guest = library().stack(["guest"]).unwrap().effective(&Layer::default());
    let found: Vec<String> = guest.check(&lab()).iter().map(|refusal| refusal.subject.clone()).collect();
    assert_eq!(found, ["config key limits.cpu", "config key limits.memory", "config key limits.processes"]);
}

#[test]
fn device_types() {
    for kind in
        ["proxy", "unix-char", "unix-block", "unix-hotplug", "usb", "gpu", "pci", "tpm", "infiniband", "new", "Disk"]
    {
        refused(
            &format!("devices:\n  x:\n    type: {kind}\n"),
            &format!("device x: the policy does not allow devices of type \"{kind}\""),
        );
    }
    refused("devices:\n  x:\n    type: \"\"\n", "device x: it has no type");
}

#[test]
fn disks() {
    let root =
        |keys: &str| format!("devices:\n  root:\n    type: disk\n    path: /\n    pool: t1\n    size: 1GiB\n{keys}");
    assert_eq!(refusals(&root("")), <Vec<String>>::new());
    refused(&root("    source: /\n"), "device root, key source: ");
    refused(&root("    recursive: \"false\"\n"), "device root, key recursive: the policy");
    refused(&root("    limits.read: \"x\"\n"), "device root, key limits.read: ");
    for (wrong, subject) in [
        (root("").replace("pool: t1", "pool: default"), "key pool: the disk must be in the lab's own pool"),
        (root("").replace("    pool: t1\n", ""), "key pool: it is not set"),
        (root("").replace("    size: 1GiB\n", ""), "key size: it is not set"),
        (root("").replace("1GiB", "1G"), "key size: it must be"),
        (root("").replace("1GiB", "\"0\""), "key size: it must be"),
        (root("").replace("path: /", "path: //"), "key path: "),
        (root("").replace("path: /", "path: /."), "key path: "),
        (root("").replace("root:", "host:"), "disks: there must be one disk"),
    ] {
        refused(&wrong, subject);
    }
}

#[test]
fn network_cards() {
    let card = |keys: &str| {
        let filters = "    security.mac_filtering: \"true\"\n    security.ipv4_filtering: \"true\"\n    security.port_isolation: \"true\"\n";
        format!("devices:\n  eth0:\n    type: nic\n    network: t1br0\n{filters}{keys}")
    };
    assert_eq!(refusals(&card("    limits.egress: 10Mbit\n")), <Vec<String>>::new());
    for key in ["parent", "nictype", "host_name", "hwaddr", "ipv4.routes", "vlan", "ipv4.address", "user.x"] {
        refused(&card(&format!("    {key}: x\n")), &format!("device eth0, key {key}: "));
    }
    for (wrong, subject) in [
        (card("").replace("t1br0", "incusbr0"), "key network: the card must be on the lab's own network"),
        (card("").replace("    network: t1br0\n", ""), "key network: it is not set"),
        (card("").replace("mac_filtering: \"true\"", "mac_filtering: \"true \""), "key security.mac_filtering: "),
        (card("").replace("    security.port_isolation: \"true\"\n", ""), "key security.port_isolation: it is not set"),
        (card("    name: \"eth0\\nx\"\n"), "key name: the value has a line break"),
    ] {
        refused(&wrong, subject);
    }
}

#[test]
fn masking_a_vetted_device_is_noticed() {
    refused("devices:\n  root:\n    type: none\n", "root disk: it is not set");
    refused("devices:\n  eth0:\n    type: none\n", "network card: it is not set");
}

#[test]
fn a_refusal_names_what_brought_the_value() {
    let found = refusals("config:\n  raw.lxc: x\n");
    assert_eq!(found, ["extra.yaml:3:12: config key raw.lxc: the policy does not allow this key"]);
    let instance = Layer { config: [("raw.lxc".into(), "x".into())].into(), ..Layer::default() };
    let found = with("", &instance).check(&lab());
    assert_eq!(found[0].to_string(), "the instance: config key raw.lxc: the policy does not allow this key");
}
