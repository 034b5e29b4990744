//! The rules of `audit` about the daemon, on made-up facts: each red, and green again. Real ones: tests/incus/server.rs.

use std::collections::{BTreeMap, BTreeSet};

use podclaw::host::daemon_socket::Access;
use podclaw::incus::{
    Certificate, Devices, Forward, ForwardPort, Grant, Instance, Network, Peer, Profile, Project, Server, ServerKind,
    StoragePool, Token, Warning,
};
use podclaw::names::LabName;
use podclaw::policy::{Constraint, Keys, Policy, Row, Verdict};
use podclaw::rules::server::{Build, RULES, ServerFacts, judge};
use podclaw::rules::{Finding, Severity};

fn lab() -> LabName {
    LabName::default()
}

/// A daemon in which nothing is found.
fn fit() -> ServerFacts {
    let network = |name: &str| Network {
        name: name.into(),
        project: "default".into(),
        kind: "bridge".into(),
        config: config(&[("ipv4.address", "10.173.57.1/24"), ("security.acls", "podclaw-egress")]),
        managed: true,
        ..Network::default()
    };
    let devices = |network: &str, pool: &str| -> Devices {
        [
            ("eth0".to_owned(), config(&[("type", "nic"), ("network", network), ("security.acls", "podclaw-egress")])),
            ("root".to_owned(), config(&[("type", "disk"), ("path", "/"), ("pool", pool)])),
        ]
        .into()
    };
    let instance = |project: &str, devices: Devices| Instance {
        name: "web".into(),
        project: project.into(),
        expanded_devices: devices,
        ..Instance::default()
    };
    let mut other = devices("incusbr0", "other");
    other.get_mut("eth0").unwrap().remove("security.acls");
    ServerFacts {
        server: Server {
            kind: ServerKind::Incus,
            version: "99.0".into(),
            extensions: BTreeSet::new(),
            firewall: "nftables".into(),
            storage_drivers: Vec::new(),
            process: 0,
        },
        build: Build::Upstream,
        method: "unix".into(),
        config: config(&[("core.shutdown_timeout", "7"), ("images.compression_algorithm", "zstd")]),
        certificates: Vec::new(),
        tokens: Vec::new(),
        warnings: vec![warning("Missing virtiofsd", "new"), warning("AppArmor support has been disabled", "resolved")],
        access: Ok(Access { group: Some("incus-admin".into()), ..Access::default() }),
        networks: vec![network("podclawbr0"), Network { config: BTreeMap::new(), ..network("incusbr0") }],
        pools: vec![StoragePool {
            name: "podclaw".into(),
            used_by: vec![
                "/1.0/instances/web?project=podclaw".into(),
                "/1.0/storage-pools/podclaw/volumes/custom/a?project=podclaw".into(),
                // The same image may be in several projects; its copy in the pool goes with the pool.
                "/1.0/images/0123?project=default".into(),
            ],
            ..StoragePool::default()
        }],
        projects: vec![project("default", &[]), project("podclaw", &[]), project("x", &CONFINED), project("free", &[])],
        profiles: vec![
            Profile { name: "default".into(), project: "default".into(), ..Profile::default() },
            Profile {
                name: "podclaw-guest".into(),
                project: "podclaw".into(),
                devices: devices("podclawbr0", "podclaw"),
                ..Profile::default()
            },
        ],
        instances: vec![instance("podclaw", devices("podclawbr0", "podclaw")), instance("other", other)],
        forwards: Vec::new(),
        load_balancers: Vec::new(),
        peers: Vec::new(),
        subnets: vec!["10.173.57.0/24".parse().unwrap()],
    }
}

/// A project that leads neither to the host nor into the lab.
const CONFINED: [(&str, &str); 2] = [("restricted", "true"), ("restricted.networks.access", "incusbr0")];

fn project(name: &str, pairs: &[(&str, &str)]) -> Project {
    Project { name: name.into(), config: config(pairs), ..Project::default() }
}

fn config(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn warning(kind: &str, status: &str) -> Warning {
    Warning { kind: kind.into(), status: status.into(), severity: "low".into(), ..Warning::default() }
}

fn certificate(kind: &str, restricted: bool, projects: &[&str]) -> Certificate {
    Certificate {
        name: "laptop".into(),
        kind: kind.into(),
        restricted,
        projects: projects.iter().map(|&name| name.into()).collect(),
        fingerprint: "0123456789abcdef".into(),
    }
}

/// What is found after a change of what is fit.
fn after(change: impl FnOnce(&mut ServerFacts)) -> Vec<Finding> {
    let mut facts = fit();
    change(&mut facts);
    judge(&facts, &lab())
}

/// After a change there is just this one finding.
#[track_caller]
fn one(change: impl FnOnce(&mut ServerFacts), rule: &str, severity: Severity, subject: &str, message: &str) {
    let found = after(change);
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.rule.as_ref(), finding.severity, finding.subject.as_str()), (rule, severity, subject));
    assert!(finding.message.contains(message), "{}", finding.message);
}

#[test]
fn a_daemon_that_is_as_it_should_be_has_no_finding() {
    assert_eq!(after(|_| ()), []);
}

#[test]
fn what_answers_has_to_be_incus_and_to_show_everything() {
    one(|it| it.server.kind = ServerKind::Lxd, "server-kind", Severity::Error, "daemon", "LXD 99.0");
    one(|it| it.method = "tls".into(), "server-view", Severity::Error, "daemon.auth", "`tls`");
    one(|it| it.method.clear(), "server-view", Severity::Error, "daemon.auth", "");
}

#[test]
fn something_has_to_filter() {
    let with = |driver: &'static str| move |it: &mut ServerFacts| it.server.firewall = driver.into();
    one(with("xtables"), "server-firewall", Severity::Warning, "daemon.firewall", "xtables");
    one(with(""), "server-firewall", Severity::Error, "daemon.firewall", "does not say");
    one(with("none"), "server-firewall", Severity::Error, "daemon.firewall", "`none`");
}

#[test]
fn weaknesses_that_are_known_are_found_unless_the_distribution_mended_them() {
    let old = |build: Build| {
        after(move |it| {
            it.server.version = "6.0.4".into();
            it.build = build;
        })
    };
    let about = |found: &[Finding], id: &str| {
        assert!(found.iter().all(|it| it.rule == "server-advisory") && found.len() <= 3, "{found:#?}");
        let names = |it: &&Finding| it.related.iter().any(|related| related.origin.to_string() == id);
        found.iter().find(names).map(|it| (it.severity, it.subject.clone(), it.message.clone()))
    };
    let (severity, subject, message) = about(&old(Build::Upstream), "CVE-2025-52890").unwrap();
    assert_eq!((severity, subject.as_str()), (Severity::Error, "daemon.weaknesses.guest"));
    assert!(message.contains("that a guest can use"), "{message}");
    let changes = "incus (6.0.4-2) - fixes CVE-2025-52890, GHSA-9q7c-qmhm-jv86".to_owned();
    let debian = old(Build::Distribution { package: "incus-base 6.0.4-2".into(), changes });
    assert_eq!(about(&debian, "CVE-2025-52890"), None);
    assert_eq!(about(&debian, "CVE-2025-52889"), None, "it has another name");
    let (severity, subject, message) = about(&debian, "CVE-2026-23954").unwrap();
    assert_eq!((severity, subject.as_str()), (Severity::Warning, "daemon.weaknesses.image"));
    assert!(message.contains("incus-base 6.0.4-2"), "{message}");
    let unseen = old(Build::Unseen("this user may not look".into()));
    assert_eq!(about(&unseen, "CVE-2025-52890").map(|it| it.0), Some(Severity::Warning));
    one(
        |it| it.server.version = "new".into(),
        "server-advisory",
        Severity::Error,
        "daemon.version",
        "can't be compared",
    );
}

#[test]
fn warnings_are_judged_by_what_they_are_about() {
    let warn = |kind: &str, status: &str, severity: &str| {
        let warning = Warning { severity: severity.into(), ..warning(kind, status) };
        move |it: &mut ServerFacts| it.warnings.push(warning)
    };
    let kind = "AppArmor support has been disabled";
    // Incus calls it low, and that somebody saw it changes nothing.
    one(warn(kind, "new", "low"), "server-apparmor", Severity::Error, &format!("warnings.{kind}"), "without a wall");
    one(
        warn(kind, "acknowledged", "low"),
        "server-apparmor",
        Severity::Error,
        &format!("warnings.{kind}"),
        "changes nothing",
    );
    assert_eq!(after(warn(kind, "resolved", "low")), []);
    let kind = "Couldn't find the CGroup memory controller";
    one(warn(kind, "new", "low"), "server-cgroups", Severity::Error, &format!("warnings.{kind}"), "not enforced");
    let kind = "Storage pool unavailable";
    one(warn(kind, "new", "high"), "server-warning", Severity::Warning, &format!("warnings.{kind}"), "");
    // What is harmless today is not when the daemon itself says so.
    one(
        warn("Missing virtiofsd", "new", "moderate"),
        "server-warning",
        Severity::Warning,
        "warnings.Missing virtiofsd",
        "",
    );
    one(
        warn("Something new", "new", "low"),
        "server-warning",
        Severity::Warning,
        "warnings.Something new",
        "does not know",
    );
    one(
        |it| it.warnings.push(Warning { entity_url: "/1.0/networks/x\u{1b}[2J".into(), ..warning("New", "new") }),
        "server-warning",
        Severity::Warning,
        "warnings.New.networks/x\\u{1b}[2J",
        "about `networks/x\\u{1b}[2J`",
    );
}

#[test]
fn certificates_and_tokens_are_judged_by_what_they_may_do() {
    let trust = |it: Certificate| move |facts: &mut ServerFacts| facts.certificates.push(it);
    let subject = "certificates.0123456789ab";
    one(trust(certificate("client", false, &[])), "server-trust", Severity::Error, subject, "root on this machine");
    let of_lab = certificate("client", true, &["x", "podclaw"]);
    one(trust(of_lab.clone()), "server-trust", Severity::Error, subject, "the lab's project");
    // The bridge and the ACL are there.
    one(trust(certificate("client", true, &["default"])), "server-trust", Severity::Error, subject, "bridge and ACL");
    one(trust(certificate("client", true, &["x"])), "server-trust", Severity::Note, subject, "projects x");
    one(trust(certificate("metrics", false, &[])), "server-metrics", Severity::Warning, subject, "read");
    one(trust(certificate("server", false, &[])), "server-cluster", Severity::Error, subject, "cluster");
    one(trust(certificate("", true, &[])), "server-trust", Severity::Error, subject, "does not know");

    let wait = |grants: Grant| {
        let token = Token { operation: "5e8a".into(), grants };
        move |facts: &mut ServerFacts| facts.tokens.push(token)
    };
    let found = "tokens.5e8a";
    one(
        wait(Grant::Trust(certificate("client", false, &[]))),
        "server-token",
        Severity::Error,
        found,
        "root on this machine",
    );
    one(wait(Grant::Trust(of_lab)), "server-token", Severity::Error, found, "the lab's project");
    one(wait(Grant::Member("b".into())), "server-token", Severity::Error, found, "cluster");
    one(wait(Grant::Other), "server-token", Severity::Error, found, "does not know");
}

#[test]
fn who_may_use_another_project_is_judged_by_what_that_leads_to() {
    let subject = "certificates.0123456789ab";
    let with = |pairs: &[(&str, &str)]| {
        let found = after(|it| {
            it.certificates.push(certificate("client", true, &["x"]));
            it.projects[2].config = [config(&CONFINED), config(pairs)].into_iter().flatten().collect();
        });
        let [finding] = found.as_slice() else { panic!("{found:#?}") };
        assert_eq!((finding.rule.as_ref(), finding.subject.as_str()), ("server-trust", subject));
        (finding.severity, finding.message.clone())
    };
    let is = |pairs: &[(&str, &str)], severity: Severity, part: &str| {
        let (found, message) = with(pairs);
        assert!(found == severity && message.contains(part), "{pairs:?}: {found:?} {message}");
    };
    is(&[], Severity::Note, "may use the projects x");
    is(&[("restricted", "")], Severity::Error, "as good as root");
    is(&[("restricted", "false")], Severity::Error, "as good as root");
    for key in ["containers.lowlevel", "containers.privilege", "devices.disk", "devices.proxy", "devices.unix-block"] {
        is(&[(&format!("restricted.{key}"), "allow")], Severity::Error, &format!("`restricted.{key}: allow`"));
    }
    is(&[("restricted.devices.disk", "managed")], Severity::Note, "");
    is(&[("restricted.containers.privilege", "isolated")], Severity::Note, "");
    is(&[("restricted.containers.interception", "full")], Severity::Error, "may get to the host");
    // The lab's bridge is one of those that such a project may use, unless it says which.
    let bridge = "on the lab's network";
    is(&[("restricted.networks.access", "")], Severity::Error, bridge);
    is(&[("restricted.networks.access", "a, podclawbr0")], Severity::Error, bridge);
    is(&[("restricted.networks.access", ""), ("restricted.devices.nic", "block")], Severity::Note, "");
    is(&[("restricted.networks.access", ""), ("features.networks", "true")], Severity::Note, "");
    let parent =
        [("restricted.networks.access", ""), ("features.networks", "true"), ("restricted.devices.nic", "allow")];
    is(&parent, Severity::Error, bridge);
    // One project of several is enough, and so is the token for it.
    let two = certificate("client", true, &["x", "free"]);
    let token = Token { operation: "5e8a".into(), grants: Grant::Trust(two.clone()) };
    one(|it| it.certificates.push(two), "server-trust", Severity::Error, subject, "the project free");
    one(|it| it.tokens.push(token), "server-token", Severity::Error, "tokens.5e8a", "the project free");
}

#[test]
fn who_may_use_the_socket_is_told() {
    let with = |change: fn(&mut Access)| move |it: &mut ServerFacts| change(it.access.as_mut().unwrap());
    one(with(|it| it.members.push("eve".into())), "server-access", Severity::Warning, "socket.members.eve", "`eve`");
    one(with(|it| it.users.push("eve".into())), "server-access", Severity::Warning, "socket.users.eve", "a project");
    one(with(|it| it.everybody = true), "server-access", Severity::Error, "socket.mode", "everybody");
    one(with(|it| it.owner = 7), "server-access", Severity::Error, "socket.owner", "user 7");
    one(|it| it.access = Err("no".into()), "server-access", Severity::Error, "socket", "could not be seen: no");
}

#[test]
fn ways_into_the_labs_network_are_found() {
    let forward = Forward {
        listen_address: "192.0.2.1".into(),
        ports: vec![ForwardPort {
            protocol: "tcp".into(),
            listen_port: "80".into(),
            target_address: "10.173.57.9".into(),
            target_port: String::new(),
        }],
        ..Forward::default()
    };
    let balancer = forward.clone();
    let (forwards, balancers) =
        ("networks.podclawbr0.forwards.192.0.2.1", "networks.podclawbr0.load-balancers.192.0.2.1");
    one(|it| it.forwards.push(forward), "server-forward", Severity::Error, forwards, "tcp 80 to 10.173.57.9");
    one(|it| it.load_balancers.push(balancer), "server-forward", Severity::Error, balancers, "tcp 80");
    let whole = Forward {
        listen_address: "192.0.2.1".into(),
        config: config(&[("target_address", "10.173.57.9")]),
        ..Forward::default()
    };
    one(|it| it.forwards.push(whole), "server-forward", Severity::Error, forwards, "all of it to 10.173.57.9");
    let peer = Peer { name: "p".into(), target_project: "prod".into(), target_network: "net".into() };
    one(|it| it.peers.push(peer), "server-peer", Severity::Error, "networks.podclawbr0.peers.p", "`prod/net`");
    for (key, value) in
        [("parent", "podclawbr0"), ("network", "podclawbr0"), ("bridge.external_interfaces", "eth1, x/podclawbr0/7")]
    {
        one(
            |it| drop(it.networks[1].config.insert(key.into(), value.into())),
            "server-peer",
            Severity::Error,
            &format!("networks.incusbr0.config.{key}"),
            key,
        );
    }
    one(
        |it| drop(it.networks[0].config.insert("dns.zone.forward".into(), "lab.example".into())),
        "server-zone",
        Severity::Warning,
        "networks.podclawbr0.config.dns.zone.forward",
        "lab.example",
    );
}

/// Sets a key of a device of the guest that is in another project, and makes the device where there is none.
fn set(device: &'static str, pairs: &'static [(&str, &str)]) -> impl FnOnce(&mut ServerFacts) {
    move |it| it.instances[1].expanded_devices.entry(device.into()).or_default().extend(config(pairs))
}

#[test]
fn guests_of_others_do_not_touch_the_lab() {
    let device = "projects.other.instances.web.devices.";
    let at = |name: &str| format!("{device}{name}");
    one(set("eth0", &[("network", "podclawbr0")]), "server-neighbour", Severity::Error, &at("eth0"), "`network`");
    one(set("eth0", &[("parent", "podclawbr0")]), "server-neighbour", Severity::Error, &at("eth0"), "`parent`");
    one(set("root", &[("pool", "podclaw")]), "server-shared-pool", Severity::Warning, &at("root"), "`podclaw`");
    one(
        set("eth0", &[("security.acls", "a, podclaw-egress")]),
        "server-shared-acl",
        Severity::Warning,
        &at("eth0"),
        "podclaw-egress",
    );
    one(
        |it| drop(it.networks[1].config.insert("security.acls".into(), "podclaw-egress".into())),
        "server-shared-acl",
        Severity::Warning,
        "networks.incusbr0.config.security.acls",
        "podclaw-egress",
    );
    // What brings it to those that do not exist yet is found, too.
    one(
        |it| {
            let nic = config(&[("type", "nic"), ("nictype", "macvlan"), ("parent", "podclawbr0")]);
            it.profiles[0].devices.insert("eth7".into(), nic);
        },
        "server-neighbour",
        Severity::Error,
        "projects.default.profiles.default.devices.eth7",
        "`parent`",
    );
    for path in ["volumes/custom/a?project=other", "volumes/custom/a", "buckets/a?target=x&project=other"] {
        one(
            |it| it.pools[0].used_by.push(format!("/1.0/storage-pools/podclaw/{path}")),
            "server-shared-pool",
            Severity::Warning,
            &format!("storage-pools.podclaw.used_by.storage-pools/podclaw/{path}"),
            "in the lab's pool",
        );
    }
    // The lab's own guests, and all that another pool is used by, are not others.
    assert_eq!(after(|it| it.pools.push(StoragePool { name: "x".into(), ..it.pools[0].clone() })), []);
}

#[test]
fn proxies_of_others_do_not_lead_into_the_lab() {
    let found = "projects.other.instances.web.devices.p";
    for (listen, connect, message) in [
        ("tcp:0.0.0.0:80", "tcp:10.173.57.9:80", "`connect: tcp:10.173.57.9:80`"),
        ("tcp:10.173.57.1:80", "tcp:127.0.0.1:80", "`listen: tcp:10.173.57.1:80`"),
        ("tcp:[::ffff:10.173.57.1]:80", "unix:/x", "`listen: tcp:[::ffff:10.173.57.1]:80`"),
        ("udp:0.0.0.0:40-60", "udp:127.0.0.1:53", "may ask on every address"),
        ("tcp::1,53", "tcp:127.0.0.1:53", "may ask on every address"),
    ] {
        let proxy = config(&[("type", "proxy"), ("listen", listen), ("connect", connect)]);
        let add = |it: &mut ServerFacts| drop(it.instances[1].expanded_devices.insert("p".into(), proxy));
        one(add, "server-proxy", Severity::Error, found, message);
    }
    for (listen, connect) in [
        ("tcp:0.0.0.0:80", "tcp:127.0.0.1:80"),
        ("tcp:10.173.58.1:80", "unix:10.173.57.9:80"),
        ("udp:0.0.0.0:54-60", "udp:127.0.0.1:53"),
        ("", "tcp"),
    ] {
        let proxy = config(&[("type", "proxy"), ("listen", listen), ("connect", connect)]);
        assert_eq!(after(|it| drop(it.instances[1].expanded_devices.insert("p".into(), proxy))), [], "{listen}");
    }
}

#[test]
fn an_address_of_the_loopback_is_less() {
    let set = |key: &'static str, value: &'static str| {
        move |it: &mut ServerFacts| drop(it.config.insert(key.into(), value.into()))
    };
    let https = "config.core.https_address";
    one(set("core.https_address", ":8443"), "server-remote-api", Severity::Error, https, "core.https_address: :8443");
    one(set("core.https_address", "127.0.0.1:8443"), "server-remote-api", Severity::Warning, https, "");
    one(set("core.debug_address", "[::1]:1"), "server-listener", Severity::Warning, "config.core.debug_address", "");
    assert_eq!(after(set("core.metrics_address", "127.0.0.1:9100")), []);
    let metrics = "config.core.metrics_address";
    one(set("core.metrics_address", "[::]:9100"), "server-metrics", Severity::Warning, metrics, "loopback");
    let found = after(set("core.https_address", ":8443"));
    assert_eq!(
        found[0].remedy,
        "unset the key: `incus config unset core.https_address`; use the daemon from this \
        machine, or by SSH"
    );
}

#[test]
fn what_the_policy_does_not_know_is_found() {
    let set = |key: &'static str, value: &'static str| {
        move |it: &mut ServerFacts| drop(it.config.insert(key.into(), value.into()))
    };
    for (key, value) in [("core.future_address", "127.0.0.1:1"), ("core.future", ""), ("user.", "1"), ("logging.", "1")]
    {
        one(set(key, value), "server-unknown-key", Severity::Error, &format!("config.{key}"), "does not know");
    }
    one(set("user.x", "1"), "server-foreign-key", Severity::Warning, "config.user.x", "`user.x`");
    one(set("core.evil; x", "1"), "server-unknown-key", Severity::Error, "config.core.evil; x", "does not know");
}

#[test]
fn each_kind_of_setting_has_its_rule() {
    for (key, value, rule, severity) in [
        ("core.trust_ca_certificates", "true", "server-authorization", Severity::Error),
        ("cluster.https_address", "127.0.0.1:1", "server-cluster", Severity::Error),
        ("loki.auth.password", "x", "server-credential", Severity::Error),
        ("core.syslog_socket", "true", "server-listener", Severity::Error),
        ("logging.a.target.address", "tcp://192.0.2.1", "server-logging", Severity::Warning),
        ("core.metrics_authentication", "false", "server-metrics", Severity::Warning),
        ("network.ovn.northbound_connection", "tcp:192.0.2.1:6641", "server-overlay", Severity::Error),
        ("core.https_trusted_proxy", "192.0.2.1", "server-remote-api", Severity::Error),
        ("images.compression_algorithm", "sh -c x", "server-setting", Severity::Error),
        ("storage.backups_volume", "podclaw/b", "server-storage", Severity::Warning),
    ] {
        let set = |it: &mut ServerFacts| drop(it.config.insert(key.into(), value.into()));
        one(set, rule, severity, &format!("config.{key}"), &format!("`{key}"));
    }
}

#[test]
fn no_secret_is_told() {
    let secret = "hunter2-hunter2";
    for (key, _) in Policy::built_in().settings.iter() {
        let key = key.replace('*', "a.target.password");
        for value in [secret.to_owned(), format!("http://user:{secret}@proxy.example:80")] {
            let is_told = key.ends_with("_address") || key.ends_with("_volume") || key.ends_with("_algorithm");
            for finding in after(|it| drop(it.config.insert(key.clone(), value.clone()))) {
                assert!(is_told || !format!("{finding:?}").contains(secret), "{finding:?}");
            }
        }
    }
}

#[test]
fn there_are_not_endless_findings_of_one_rule() {
    let found = after(|it| it.certificates = vec![certificate("client", false, &[]); 1000]);
    assert_eq!(found.len(), 100);
    assert!(found[99].message.ends_with("(and 900 more like it)"), "{}", found[99].message);
    // Nobody can answer for those that are not told.
    let many: Vec<String> = (0..101).map(|n| format!("user{n}")).collect();
    let found = after(|it| it.access.as_mut().unwrap().members = many);
    assert_eq!((found[98].waivable, found[99].waivable), (true, false));
}

/// All rows about the daemon.
fn rows() -> Vec<(String, &'static Row)> {
    let of = |keys: &'static Keys| keys.iter().collect::<Vec<_>>();
    of(&Policy::built_in().settings).into_iter().chain(of(&Policy::built_in().warnings)).collect()
}

#[test]
fn the_policy_names_every_setting_of_every_incus() {
    let known = include_str!("known-server-keys.txt").lines().filter(|line| !line.starts_with('#'));
    let mut left: BTreeSet<_> = Policy::built_in().settings.iter().map(|(name, _)| name).collect();
    let mut count = 0;
    for key in known {
        let example = key.replace("NAME", "some").replace('*', "example");
        assert!(Policy::built_in().settings.get(&example).is_some(), "{key}");
        left.remove(key);
        count += 1;
    }
    assert!(count > 100, "{count}");
    assert_eq!(left.into_iter().collect::<Vec<_>>(), ["logging.*"], "not a key of any Incus");
}

#[test]
fn the_policy_names_only_rules_and_threats_that_there_are() {
    for (name, row) in rows() {
        let rule = RULES.iter().find(|rule| rule.id == row.rule);
        let rule = rule.unwrap_or_else(|| panic!("{name}: there is no rule {}", row.rule));
        assert!(rule.threats.contains(&row.threat.as_str()), "{name}: {} does not serve {}", rule.id, row.threat);
        assert!(!row.reason.is_empty() && !row.reason.ends_with('.'), "{name}: {}", row.reason);
        assert!(matches!(row.verdict, Verdict::Allow | Verdict::Constrain | Verdict::Deny), "{name}");
        assert!(row.from.is_none() && row.remedy.is_none(), "{name}");
    }
}

#[test]
fn every_row_is_judged_as_it_says() {
    for (name, row) in Policy::built_in().settings.iter() {
        let key = name.replace('*', "example");
        let with = |value: &str| after(|it| drop(it.config.insert(key.clone(), value.into())));
        let (right, wrong) = match &row.must {
            None if row.verdict == Verdict::Allow => (Some("1"), None),
            None => (None, Some("1")),
            Some(Constraint::True) => (Some("true"), Some("false")),
            Some(Constraint::Bool) => (Some("false"), Some("maybe")),
            Some(Constraint::Loopback) => (Some("[::1]:9100"), Some(":9100")),
            Some(Constraint::NoPassword) => (Some("http://192.0.2.1:3128"), Some("http://a:b@192.0.2.1:3128")),
            Some(Constraint::OtherPool) => (Some("other/images"), Some("podclaw/images")),
            Some(Constraint::Exactly(text)) => (Some(text.as_str()), Some("else")),
            Some(Constraint::OneOf(texts)) => (Some(texts[0].as_str()), Some("gzip --rsyncable")),
            Some(other) => panic!("{name}: {other:?}"),
        };
        if let Some(right) = right {
            assert_eq!(with(right), [], "{name}: {right}");
        }
        if let Some(wrong) = wrong {
            let found = with(wrong);
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!((found[0].rule.as_ref(), &found[0].subject), (row.rule.as_str(), &format!("config.{key}")));
            assert!(found[0].message.contains(&row.reason), "{name}: {}", found[0].message);
        }
    }
}

#[test]
fn every_rule_is_found_in_the_policy_or_by_its_own_check() {
    let by_rows: BTreeSet<_> = rows().into_iter().map(|(_, row)| row.rule.clone()).collect();
    let own = [
        "server-access",
        "server-advisory",
        "server-firewall",
        "server-forward",
        "server-kind",
        "server-neighbour",
        "server-peer",
        "server-proxy",
        "server-shared-acl",
        "server-shared-pool",
        "server-token",
        "server-trust",
        "server-unknown-key",
        "server-view",
        "server-zone",
    ];
    for rule in RULES {
        assert!(by_rows.contains(rule.id) != own.contains(&rule.id), "{}", rule.id);
    }
}
