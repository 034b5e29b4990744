//! The rules of `podclaw audit`, without a daemon: what ACLs let through, ids that are shared, receipts, secrets.
//! On a real daemon: tests/incus/audit.rs.

mod guests;

use podclaw::lab_file::{Allowance, EgressMode};
use podclaw::place::Origin;
use podclaw::profile::{Difference, Layer};
use podclaw::rules::Finding;
use podclaw::rules::live::{
    Acl, AclRule, Drift, DriftState, Guest, Image, Launch, LiveFacts, Network, Pinned, Pool, Proof, Reach,
    ReceiptFacts, Used, Words, judge,
};

const CLOSED: [(&str, &str); 3] =
    [("10.0.0.0/8", "private"), ("169.254.0.0/16", "link-local"), ("203.0.113.0/24", "the host and its neighbours")];

fn rule(action: &str, destination: &str) -> AclRule {
    AclRule { action: action.into(), state: "enabled".into(), destination: destination.into(), ..AclRule::default() }
}

fn port(action: &str, destination: &str, protocol: &str, ports: &str) -> AclRule {
    AclRule { protocol: protocol.into(), destination_port: ports.into(), ..rule(action, destination) }
}

/// What `init` makes, in short.
fn open() -> Vec<AclRule> {
    let mut rules: Vec<_> = CLOSED.iter().map(|(net, _)| rule("reject", net)).collect();
    rules.extend(["udp", "tcp"].map(|protocol| port("reject", "0.0.0.0/0", protocol, "53,853")));
    rules.push(rule("allow", "0.0.0.0/0"));
    rules
}

fn allowance(to: &str, ports: &str) -> Allowance {
    let text = format!(r#"{{"to":"{to}","ports":["{ports}"]}}"#);
    serde_json::from_str(&text).unwrap()
}

/// A lab in which nothing is wrong.
fn facts(egress: Vec<AclRule>) -> LiveFacts {
    let config = [
        ("ipv4.address", "10.9.0.1/24"),
        ("ipv4.nat", "true"),
        ("ipv6.address", "none"),
        ("security.acls", "t1-egress"),
        ("security.acls.default.egress.action", "reject"),
        ("security.acls.default.ingress.action", "reject"),
    ];
    LiveFacts {
        lab: "t1".parse().unwrap(),
        drift: Vec::new(),
        reach: Reach {
            bridge: "10.9.0.1/24".parse().unwrap(),
            mode: EgressMode::Open,
            allow: Vec::new(),
            never: vec!["10.9.0.0/24".parse().unwrap(), "169.254.0.0/16".parse().unwrap()],
            closed: CLOSED.iter().map(|(net, what)| (net.parse().unwrap(), (*what).into())).collect(),
        },
        network: Some(Network {
            name: "t1br0".into(),
            kind: "bridge".into(),
            config: config.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        }),
        kernel: Vec::new(),
        acls: vec![Acl { name: "t1-egress".into(), egress, ..Acl::default() }],
        pool: Some(Pool { name: "t1".into(), driver: "btrfs".into(), status: "Created".into(), used_by: Vec::new() }),
        profiles: Vec::new(),
        images: Vec::new(),
        pinned: Pinned::default(),
        guests: Vec::new(),
        words: Vec::new(),
        others: Vec::new(),
    }
}

/// What is found, as `rule subject`.
fn brief(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.rule, finding.subject)).collect()
}

/// The areas that guests may reach against the lab file.
fn opened(facts: &LiveFacts) -> Vec<String> {
    let findings = judge(facts);
    assert!(findings.iter().all(|finding| finding.rule == "live-acl"), "{findings:?}");
    findings.into_iter().map(|finding| finding.subject).collect()
}

#[test]
fn a_lab_as_it_has_to_be_has_no_finding() {
    assert_eq!(judge(&facts(open())), []);
}

#[test]
fn what_rules_let_through_together_is_worked_out() {
    let with = |more: &[AclRule]| opened(&facts([open(), more.to_vec()].concat()));
    let without = |at: usize| {
        let mut rules = open();
        rules.remove(at);
        opened(&facts(rules))
    };
    assert_eq!(without(0), ["egress.10.0.0.0/8"]);
    assert_eq!(without(2), ["egress.203.0.113.0/24"]);
    assert_eq!(without(3), ["egress.resolvers.UDP.53", "egress.resolvers.UDP.853"]);
    // Incus rejects before it allows, whatever the order is.
    assert_eq!(with(&[rule("allow", "10.1.2.3")]), [""; 0]);
    // A rule that closes only a part leaves the rest open, be it one address in the middle, or one protocol.
    let holes = |rules: Vec<AclRule>| {
        let mut all = open();
        all.remove(0);
        opened(&facts([rules, all].concat()))
    };
    assert_eq!(holes(vec![rule("reject", "10.0.0.0-10.1.2.2,10.1.2.4-10.255.255.255")]), ["egress.10.0.0.0/8"]);
    assert_eq!(holes(vec![rule("drop", "10.0.0.0/9"), rule("reject", "10.128.0.0/9")]), [""; 0]);
    assert_eq!(holes(vec![port("reject", "10.0.0.0/8", "tcp", "")]), ["egress.10.0.0.0/8"]);
    assert_eq!(holes(vec![port("reject", "10.0.0.0/8", "tcp", "1-65535")]), ["egress.10.0.0.0/8"]);
    for broken in [
        AclRule { state: "disabled".into(), ..rule("reject", "10.0.0.0/8") },
        AclRule { source: "10.9.0.7".into(), ..rule("reject", "10.0.0.0/8") },
        AclRule { source_port: "1-1024".into(), ..rule("reject", "10.0.0.0/8") },
        AclRule { is_some_icmp: true, ..rule("reject", "10.0.0.0/8") },
        rule("reject", "@internal"),
        rule("allow", "10.0.0.0/8"),
        rule("whatever", "10.0.0.0/8"),
        AclRule { protocol: "sctp".into(), ..rule("reject", "10.0.0.0/8") },
        port("reject", "10.0.0.0/8", "", "80"),
    ] {
        assert_eq!(holes(vec![broken.clone()]), ["egress.10.0.0.0/8"], "{broken:?}");
    }
    let covering = AclRule { source: "10.9.0.0/16".into(), ..rule("reject", "10.0.0.0/8") };
    assert_eq!(holes(vec![covering]), [""; 0]);
    // IPv6 by name, and by saying nothing.
    for any in ["", "2001:db8::/32", "@somewhere"] {
        assert_eq!(with(&[rule("allow", any)]), ["egress.ipv6"], "{any:?}");
    }
}

#[test]
fn the_lab_file_says_what_may_be_open() {
    let mut lab = facts(open());
    lab.reach.mode = EgressMode::Allowlist;
    assert_eq!(opened(&lab), ["egress.public"]);
    lab.acls[0].egress = vec![port("allow", "198.51.100.7", "tcp", "443")];
    assert_eq!(opened(&lab), ["egress.public"]);
    lab.reach.allow = vec![allowance("198.51.100.7", "443")];
    assert_eq!(opened(&lab), [""; 0]);
    // Another port, another address, another protocol.
    for wrong in [
        port("allow", "198.51.100.7", "tcp", "443-444"),
        port("allow", "198.51.100.6/31", "tcp", "443"),
        port("allow", "198.51.100.7", "udp", "443"),
    ] {
        lab.acls[0].egress = vec![wrong.clone()];
        assert_eq!(opened(&lab), ["egress.public"], "{wrong:?}");
    }
    lab.acls[0].egress = vec![rule("allow", "198.51.100.7")];
    assert_eq!(opened(&lab).len(), 5, "resolvers there are open too, by each protocol and port");
    // A private address is open only where the lab file names it.
    lab.acls[0].egress = vec![port("allow", "10.1.2.3", "tcp", "8080")];
    assert_eq!(opened(&lab), ["egress.10.0.0.0/8"]);
    lab.reach.allow = vec![allowance("registry.example.org", "8080")];
    assert_eq!(opened(&lab), ["egress.10.0.0.0/8"], "a name never opens what is private");
    lab.reach.allow.push(allowance("10.1.2.3", "8080"));
    assert_eq!(opened(&lab), [""; 0]);
    // What is never open is not opened by an allowance that takes it in.
    lab.reach.allow.push(allowance("10.0.0.0/8", "22"));
    lab.acls[0].egress = vec![rule("reject", "10.9.0.0/24"), port("allow", "10.0.0.0/8", "tcp", "22")];
    assert_eq!(opened(&lab), [""; 0]);
    lab.acls[0].egress.remove(0);
    assert_eq!(opened(&lab), ["egress.10.0.0.0/8"]);
    // Nor are resolvers by a range of ports.
    lab.reach.allow.push(allowance("198.51.100.9", "50-60"));
    lab.acls[0].egress = vec![port("allow", "198.51.100.9", "tcp", "50-60")];
    assert_eq!(opened(&lab), ["egress.resolvers.TCP.53"]);
    lab.reach.allow.push(allowance("198.51.100.9", "53"));
    assert_eq!(opened(&lab), [""; 0]);
    // Which addresses a name has is not known here, only its port.
    lab.acls[0].egress = vec![port("allow", "198.51.100.7", "tcp", "8080")];
    assert_eq!(opened(&lab), [""; 0]);
    lab.reach.mode = EgressMode::Sealed;
    assert_eq!(opened(&lab), ["egress.public"]);
    lab.acls[0].egress = Vec::new();
    assert_eq!(opened(&lab), [""; 0]);
}

#[test]
fn a_filter_that_is_not_attached_filters_nothing() {
    let set = |key: &str, value: &str| {
        let mut lab = facts(open());
        lab.network.as_mut().unwrap().config.insert(key.into(), value.into());
        opened(&lab)
    };
    assert_eq!(set("security.acls", ""), ["config.security.acls", "egress"]);
    assert_eq!(set("security.acls", "other")[0], "config.security.acls");
    let key = "security.acls.default.ingress.action";
    assert_eq!(set(key, "allow"), [format!("config.{key}")]);
    let opened = set("security.acls.default.egress.action", "allow");
    assert!(opened.contains(&"egress.ipv6".to_owned()), "{opened:?}");
    let mut lab = facts(open());
    lab.acls[0].ingress = vec![rule("allow", "")];
    assert_eq!(self::opened(&lab), ["ingress"]);
    lab.acls[0].ingress[0].state = "disabled".into();
    assert_eq!(self::opened(&lab), [""; 0]);
}

#[test]
fn an_acl_of_a_million_kinds_of_packets_is_not_passed() {
    let many = (0..20_000_u32)
        .map(|n| port("allow", &format!("198.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255), "tcp", &n.to_string()));
    let found = opened(&facts(many.collect()));
    assert_eq!(found, ["egress"]);
}

fn guest(name: &str, map: &str) -> Guest {
    let mut expanded = shipped();
    expanded.config.insert("volatile.idmap.current".into(), map.into());
    Guest { name: name.into(), is_marked: true, launch: Launch::Done, expanded, receipt: fitting(), ..Guest::default() }
}

fn shipped() -> Layer {
    let limits = podclaw::profile::Limits::default();
    let library = podclaw::profile::Library::built_in().unwrap().for_lab(&"t1".parse().unwrap(), &limits);
    library.stack(["guest", "standard"]).unwrap().effective(&Layer::default()).layer()
}

fn fitting() -> ReceiptFacts {
    ReceiptFacts::Read {
        mismatches: Vec::new(),
        changes: Vec::new(),
        is_old: false,
        is_anybodys: false,
        base: "abc".into(),
        gateway: "sha256:def".into(),
        proof: Proof::default(),
    }
}

#[test]
fn what_is_in_the_pool_is_podclaws() {
    let mut lab = facts(open());
    let used = |kind: &str, project: &str| Used { kind: kind.into(), name: "x".into(), project: project.into() };
    let pool = lab.pool.as_mut().unwrap();
    pool.used_by = vec![used("instances", "t1"), used("instances", "other"), used("custom volume", "t1")];
    pool.status = "Unavailable".into();
    let found = judge(&lab);
    // What other projects have there is found by the rules of the daemon itself.
    assert_eq!(brief(&found), ["live-unmarked object", "live-pool status"]);
    let mut lab = facts(open());
    lab.pool.as_mut().unwrap().driver = "dir".into();
    assert_eq!(brief(&judge(&lab)), ["live-pool driver"]);
}

/// The key is made of parts, so that nobody takes this file for one with a secret.
#[test]
fn secrets_are_found_and_never_shown() {
    let key = ["sk-ant", "-api03-", &"q7Wz9Kp2".repeat(12)].concat();
    let mut lab = facts(open());
    let mut one = guest("g", "");
    one.own.config.insert("environment.API_KEY".into(), key.clone());
    one.description = format!("of {key}");
    lab.guests = vec![one];
    let words = |kind: &str, description: &str, config: &str| Words {
        of: Origin::named(kind.to_owned()),
        description: description.into(),
        config: [("raw.dnsmasq".to_owned(), config.to_owned())].into(),
    };
    lab.words = vec![words("network n", "", &format!("# {key}")), words("pool p", &format!("made with {key}"), "")];
    let difference = |key_name: &str, value: &str| Difference {
        key: key_name.into(),
        old: Some(value.into()),
        new: Some("plain".into()),
    };
    lab.drift = vec![Drift {
        object: "profile t1-guest".into(),
        state: DriftState::Differs(vec![
            difference("config environment.API_KEY", &key),
            difference("config environment.DB_PASSWORD", "xK9#mQ2$vL7pR4wZ8nB3"),
        ]),
    }];
    let found = judge(&lab);
    let text = format!("{found:?}");
    assert!(!text.contains(&key[..20]) && !text.contains("q7Wz9Kp2"), "{text}");
    assert!(brief(&found).iter().any(|brief| brief == "secret-model-key config.environment.API_KEY"), "{found:?}");
    assert!(brief(&found).iter().any(|brief| brief == "secret-model-key config.raw.dnsmasq"), "{found:?}");
    let described = found.iter().filter(|found| found.subject == "description");
    assert_eq!(described.map(|found| found.origin.to_string()).collect::<Vec<_>>(), ["guest g", "pool p"]);
}

#[test]
fn a_baked_image_is_of_what_is_pinned() {
    let judged = |base: &str, gateway: &str, is_marked: bool, is_named: bool| {
        let image = Image {
            is_named,
            fingerprint: "cc".into(),
            is_marked,
            baked_of: Some((base.into(), gateway.into())),
            is_public: false,
            is_renewed: false,
        };
        let pinned = Pinned { base: Some("aa".into()), gateway: Some("bb".into()) };
        brief(&judge(&LiveFacts { images: vec![image], pinned, ..facts(open()) }))
    };
    assert_eq!(judged("aa", "bb", true, true), Vec::<String>::new());
    for (base, gateway, is_marked) in [("ab", "bb", true), ("aa", "bc", true), ("aa", "bb", false)] {
        assert_eq!(judged(base, gateway, is_marked, true), ["live-image fingerprint"], "{base} {gateway} {is_marked}");
    }
    // Whoever may write images can give one every property of the one that podclaw baked.
    assert_eq!(judged("aa", "bb", true, false), ["live-image baked"]);
}

#[test]
fn what_gets_past_the_rules_in_the_kernel_is_found() {
    let judged = |kernel: &[&str]| {
        let kernel = kernel.iter().map(ToString::to_string).collect();
        let findings = judge(&LiveFacts { kernel, ..facts(open()) });
        findings.into_iter().map(|finding| (finding.rule.into_owned(), finding.message)).collect::<Vec<_>>()
    };
    assert_eq!(judged(&[]), []);
    let said = "a gets past it, and so do 1 more".to_owned();
    assert_eq!(judged(&["a gets past it", "b gets past it"]), [("live-kernel-rules".to_owned(), said)]);
}
