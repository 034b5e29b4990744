//! What `audit` finds of the daemon itself, and of what others have in it: each thing is made, found, and gone again.

use std::collections::BTreeSet;
use std::net::TcpListener;

use podclaw::incus::Client;
use podclaw::lab::audit::server::facts;
use podclaw::lab::{Lab as OwnLab, LabFile};
use podclaw::rules::server::judge;

use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] = tests![
    settings_of_the_daemon_are_judged,
    whom_the_daemon_trusts_is_judged,
    what_the_daemon_warns_of_is_judged,
    what_others_have_on_the_labs_network_is_found,
    what_others_have_in_the_labs_pool_is_found,
    ways_into_the_labs_network_are_found,
];

/// Rules and subjects.
type Found = BTreeSet<(String, String)>;

/// What is found now.
fn found(lab: &Lab) -> Found {
    let file = LabFile::read(&lab.file()).expect("the lab file can be read");
    let settings = file.settle(None, lab.dir().join("podclaw.lock"), lab.dir().to_owned());
    let findings = block_on(async {
        let client = Client::connect(&lab.daemon().socket()).await.expect("the daemon answers");
        let lab = OwnLab::new(client.clone(), settings).expect("the daemon can hold a lab");
        let (facts, unseen) = facts(&client, &lab).await.expect("the daemon answers");
        assert_eq!(unseen, [], "the daemon tells all");
        judge(&facts, &lab.settings.name)
    });
    findings.into_iter().map(|finding| (finding.rule.into_owned(), finding.subject)).collect()
}

/// A lab, and what is found as long as nobody does anything: what this machine is, such as one without AppArmor.
fn start(daemon: &Daemon) -> (Lab<'_>, Found) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let base = found(&lab);
    let of_machine = ["server-access", "server-advisory", "server-apparmor", "server-cgroups", "server-warning"];
    assert!(base.iter().all(|(rule, _)| of_machine.contains(&rule.as_str())), "{base:#?}");
    (lab, base)
}

/// What came: rules and subjects, in order.
#[track_caller]
fn came(lab: &Lab, base: &Found, expected: &[(&str, &str)]) {
    let new: Vec<_> = found(lab).difference(base).cloned().collect();
    let new: Vec<_> = new.iter().map(|(rule, subject)| (rule.as_str(), subject.as_str())).collect();
    assert_eq!(new, expected);
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string()
}

fn settings_of_the_daemon_are_judged(daemon: &Daemon) {
    let own = daemon.another();
    let (lab, base) = start(&own);
    for (key, value, rule) in [
        ("core.https_address", free_address(), "server-remote-api"),
        ("core.debug_address", free_address(), "server-listener"),
        ("core.dns_address", free_address(), "server-listener"),
        ("core.metrics_authentication", "false".into(), "server-metrics"),
        ("core.trust_ca_certificates", "true".into(), "server-authorization"),
        ("core.proxy_http", "http://user:secret@127.0.0.1:9".into(), "server-credential"),
        ("loki.labels", "a".into(), "server-logging"),
        ("images.compression_algorithm", "gzip -9".into(), "server-setting"),
        ("user.x", "1".into(), "server-foreign-key"),
    ] {
        own.incus(&["config", "set", &format!("{key}={value}")]).run().ok();
        came(&lab, &base, &[(rule, &format!("config.{key}"))]);
        own.incus(&["config", "unset", key]).run().ok();
        came(&lab, &base, &[]);
    }
    // What is on the loopback, and behind a login, is fine.
    own.incus(&["config", "set", &format!("core.metrics_address={}", free_address())]).run().ok();
    came(&lab, &base, &[]);
    own.incus(&["config", "unset", "core.metrics_address"]).run().ok();

    // A cluster of one. Its daemon can't be taken out of it any more.
    own.incus(&["config", "set", &format!("core.https_address={}", free_address())]).run().ok();
    let base = found(&lab);
    own.incus(&["cluster", "enable", "one"]).run().ok();
    assert!(found(&lab).difference(&base).any(|(rule, _)| rule == "server-cluster"));
}

fn whom_the_daemon_trusts_is_judged(daemon: &Daemon) {
    let own = daemon.another();
    let (lab, base) = start(&own);
    own.incus(&["remote", "generate-certificate"]).run().ok();
    let file = own.dir().join("client/client.crt").display().to_string();
    let add = |more: &[&str]| own.incus(&["config", "trust", "add-certificate", &file]).args(more).run().ok();
    let restricted = ["--restricted", "--projects", lab.name()];
    for (more, rule) in
        [(&[][..], "server-trust"), (&restricted, "server-trust"), (&["--type=metrics"], "server-metrics")]
    {
        add(more);
        let print = own.get("/1.0/certificates?recursion=1")[0]["fingerprint"].as_str().expect("one").to_owned();
        came(&lab, &base, &[(rule, &format!("certificates.{}", &print[..12]))]);
        own.incus(&["config", "trust", "remove", &print]).run().ok();
        came(&lab, &base, &[]);
    }
    // A token needs an address.
    own.incus(&["config", "set", &format!("core.https_address={}", free_address())]).run().ok();
    let base = found(&lab);
    own.incus(&["config", "trust", "add", "ci"]).run().ok();
    let new: Vec<_> = found(&lab).difference(&base).cloned().collect();
    assert!(matches!(new.as_slice(), [(rule, _)] if rule == "server-token"), "{new:?}");
    own.incus(&["config", "trust", "revoke-token", "ci"]).run().ok();
    came(&lab, &base, &[]);
}

fn what_the_daemon_warns_of_is_judged(daemon: &Daemon) {
    let (_lab, base) = start(daemon);
    let warnings = daemon.get("/1.0/warnings?recursion=1");
    let apparmor = "AppArmor support has been disabled";
    let has = |it: &serde_json::Value| it["type"] == apparmor && it["status"] != "resolved";
    let warned = warnings.as_array().is_some_and(|all| all.iter().any(has));
    assert_eq!(base.contains(&("server-apparmor".into(), format!("warnings.{apparmor}"))), warned, "{base:#?}");
    // The tests' daemon filters, or the test of the ACL would fail, and is an Incus with a version.
    assert!(base.iter().all(|(rule, subject)| rule != "server-advisory" || subject != "daemon.version"), "{base:#?}");
}

fn what_others_have_on_the_labs_network_is_found(daemon: &Daemon) {
    let (lab, base) = start(daemon);
    let other = format!("{}x", lab.name());
    let (network, acl) = (lab.network(), format!("{}-egress", lab.name()));
    let incus = |args: &[&str]| daemon.incus(&["--project", &other]).args(args).run().ok();
    daemon.incus(&["project", "create", &other]).run().ok();
    daemon.incus(&["storage", "create", &other, "dir"]).run().ok();
    incus(&["create", "--empty", "web", "--storage", &other]);
    came(&lab, &base, &[]);
    let device = |name: &str| format!("projects.{other}.instances.web.devices.{name}");
    let nic = format!("network={network}");

    incus(&["config", "device", "add", "web", "eth0", "nic", &nic]);
    came(&lab, &base, &[("server-neighbour", &device("eth0"))]);
    incus(&["config", "device", "set", "web", "eth0", &format!("security.acls={acl}")]);
    came(&lab, &base, &[("server-neighbour", &device("eth0")), ("server-shared-acl", &device("eth0"))]);
    incus(&["config", "device", "remove", "web", "eth0"]);
    incus(&["config", "device", "add", "web", "eth1", "nic", "nictype=macvlan", &format!("parent={network}")]);
    came(&lab, &base, &[("server-neighbour", &device("eth1"))]);
    incus(&["config", "device", "remove", "web", "eth1"]);
    let connect = format!("connect=tcp:{}:80", lab.address(9));
    incus(&["config", "device", "add", "web", "p", "proxy", "listen=tcp:127.0.0.1:9", &connect]);
    came(&lab, &base, &[("server-proxy", &device("p"))]);
    incus(&["config", "device", "remove", "web", "p"]);
    incus(&["profile", "create", "bad"]);
    incus(&["profile", "device", "add", "bad", "eth0", "nic", &nic]);
    came(&lab, &base, &[("server-neighbour", &format!("projects.{other}.profiles.bad.devices.eth0"))]);
    incus(&["profile", "delete", "bad"]);
    came(&lab, &base, &[]);
    incus(&["delete", "web"]);
    daemon.incus(&["project", "delete", &other]).run().ok();
    daemon.incus(&["storage", "delete", &other]).run().ok();
}

fn what_others_have_in_the_labs_pool_is_found(daemon: &Daemon) {
    let own = daemon.another();
    let (lab, base) = start(&own);
    let (pool, other) = (lab.name(), format!("{}x", lab.name()));
    own.incus(&["project", "create", &other]).run().ok();
    own.incus(&["--project", &other, "create", "--empty", "web", "--storage", pool]).run().ok();
    came(&lab, &base, &[("server-shared-pool", &format!("projects.{other}.instances.web.devices.root"))]);
    own.incus(&["--project", &other, "delete", "web"]).run().ok();
    own.incus(&["project", "delete", &other]).run().ok();

    own.incus(&["storage", "volume", "create", pool, "images"]).run().ok();
    let volume = format!("storage-pools.{pool}.used_by.storage-pools/{pool}/volumes/custom/images");
    came(&lab, &base, &[("server-shared-pool", &volume)]);
    own.incus(&["config", "set", &format!("storage.images_volume={pool}/images")]).run().ok();
    came(&lab, &base, &[("server-shared-pool", &volume), ("server-storage", "config.storage.images_volume")]);
    own.incus(&["config", "unset", "storage.images_volume"]).run().ok();
    own.incus(&["storage", "volume", "delete", pool, "images"]).run().ok();
    came(&lab, &base, &[]);
}

fn ways_into_the_labs_network_are_found(daemon: &Daemon) {
    let (lab, base) = start(daemon);
    let network = lab.network();
    // From the range for documentation.
    let address = format!("192.0.2.{}", daemon.slot().0 + 1);
    let target = format!("target_address={}", lab.address(9));
    daemon.incus(&["network", "forward", "create", &network, &address, &target]).run().ok();
    came(&lab, &base, &[("server-forward", &format!("networks.{network}.forwards.{address}"))]);
    daemon.incus(&["network", "forward", "delete", &network, &address]).run().ok();

    let zone = format!("{}.example", lab.name());
    daemon.incus(&["network", "zone", "create", &zone]).run().ok();
    daemon.incus(&["network", "set", &network, &format!("dns.zone.forward={zone}")]).run().ok();
    came(&lab, &base, &[("server-zone", &format!("networks.{network}.config.dns.zone.forward"))]);
    daemon.incus(&["network", "unset", &network, "dns.zone.forward"]).run().ok();
    daemon.incus(&["network", "zone", "delete", &zone]).run().ok();

    let above = format!("{}up", lab.name());
    let parent = format!("parent={network}");
    daemon.incus(&["network", "create", &above, "--type=macvlan", &parent]).run().ok();
    came(&lab, &base, &[("server-peer", &format!("networks.{above}.config.parent"))]);
    daemon.incus(&["network", "delete", &above]).run().ok();
    came(&lab, &base, &[]);
}
