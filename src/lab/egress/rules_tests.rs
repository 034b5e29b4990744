use std::net::Ipv4Addr;
use std::path::Path;

use super::*;
use crate::lab::egress::Book;
use crate::lab_file::LabFile;

/// What becomes of a packet, by the rules: in Incus' order.
fn fate(rules: &[AclRule], protocol: &str, to: &str, port: u16) -> String {
    let to: Ipv4Addr = to.parse().unwrap();
    let matches = |rule: &&AclRule| {
        let at = rule.destination.split(',').filter(|net| !net.is_empty()).map(|net| net.parse::<Ipv4Net>().unwrap());
        let at: Vec<Ipv4Net> = at.collect();
        let ports: Vec<Ports> = (rule.destination_port.split(',').filter(|ports| !ports.is_empty()))
            .map(|ports| {
                let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                Ports { first: first.parse().unwrap(), last: last.parse().unwrap() }
            })
            .collect();
        (at.is_empty() || at.iter().any(|net| net.contains(&to)))
            && (rule.protocol.is_empty() || rule.protocol == protocol)
            && (ports.is_empty() || ports.iter().any(|ports| ports.contains(port)))
    };
    let of = |action: &'static str| rules.iter().filter(move |rule| rule.action == action);
    let first = of("reject").find(matches).or_else(|| of("allow").find(matches));
    first.map_or_else(|| "default".into(), |rule| rule.action.clone())
}

fn policy(egress: &str, host: &[&str], book: &str) -> Policy {
    let text = format!("network:\n  subnet: 10.99.0.1/24\n  egress: {egress}\n");
    let file = LabFile::parse(Path::new("podclaw.yaml"), &text).unwrap();
    let host: Vec<Ipv4Net> = host.iter().map(|net| net.parse().unwrap()).collect();
    let config = [("user.podclaw.names".to_owned(), book.to_owned())].into();
    Policy::new(file.network(), &host, &Book::of(&config)).unwrap()
}

const HOST: [&str; 3] = ["192.168.77.1/24", "198.51.100.7/24", "10.99.0.1/24"];

/// That these packets are allowed, and no others of those that are tried.
#[track_caller]
fn only(policy: &Policy, allowed: &[(&str, &str, u16)]) {
    let rules = rules(policy);
    for to in [
        "192.168.77.9",
        "192.168.77.8",
        "192.168.77.1",
        "192.168.78.9",
        "10.99.0.1",
        "10.99.0.7",
        "10.1.2.3",
        "198.51.100.7",
        "198.51.100.8",
        "203.0.113.9",
        "203.0.113.10",
        "1.1.1.1",
        "169.254.169.254",
        "127.0.0.1",
        "168.63.129.16",
        "161.26.0.10",
        "166.9.228.73",
        "100.100.100.200",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.251",
    ] {
        for protocol in ["tcp", "udp"] {
            for port in [22, 53, 443, 444, 853] {
                let wanted =
                    allowed.iter().any(|one| (one.0 == to || one.0 == "*") && (one.1, one.2) == (protocol, port));
                let fate = fate(&rules, protocol, to, port);
                assert_eq!(fate == "allow", wanted, "{to} {protocol} {port}: {fate}\n{rules:#?}");
            }
        }
    }
}

#[test]
fn sealed_is_sealed() {
    let policy = policy("{mode: sealed}", &HOST, "");
    only(&policy, &[]);
    assert_eq!(rules(&policy).len(), 1);
}

#[test]
fn an_allowlist_is_nothing_but_its_allowances() {
    only(&policy("{mode: allowlist}", &HOST, ""), &[]);
    let list = "{mode: allowlist, allow: [{to: 192.168.77.9, ports: [443]}, {to: 203.0.113.9, protocol: udp, ports: [443-444]}]}";
    let wanted = [("192.168.77.9", "tcp", 443), ("203.0.113.9", "udp", 443), ("203.0.113.9", "udp", 444)];
    only(&policy(list, &HOST, ""), &wanted);
}

#[test]
fn open_is_the_public_internet_and_its_allowances() {
    let public = |more: &[(&'static str, &'static str, u16)]| {
        let mut all = more.to_vec();
        for to in ["203.0.113.9", "203.0.113.10", "1.1.1.1"] {
            for port in [22, 443, 444] {
                all.extend([(to, "tcp", port), (to, "udp", port)]);
            }
        }
        all
    };
    only(&policy("{mode: open}", &HOST, ""), &public(&[]));
    // What is taken out of a rejected range is open at its own ports only.
    let one = "{allow: [{to: 192.168.77.9, ports: [443]}, {to: 198.51.100.8, ports: [22]}]}";
    only(&policy(one, &HOST, ""), &public(&[("192.168.77.9", "tcp", 443), ("198.51.100.8", "tcp", 22)]));
}

#[test]
fn resolvers_are_closed_but_where_their_port_is_named() {
    let range = "{mode: allowlist, allow: [{to: 192.168.77.9, ports: [1-65535]}]}";
    let wide = [22, 443, 444].map(|port| ("192.168.77.9", "tcp", port));
    only(&policy(range, &HOST, ""), &wide);
    let named =
        "{mode: allowlist, allow: [{to: 192.168.77.9, protocol: udp, ports: [53]}, {to: 203.0.113.9, ports: [853]}]}";
    only(&policy(named, &HOST, ""), &[("192.168.77.9", "udp", 53), ("203.0.113.9", "tcp", 853)]);
}

#[test]
fn a_wide_allowance_opens_neither_the_host_nor_the_lab_nor_metadata() {
    let wide = "{mode: allowlist, allow: [{to: 192.168.0.0/16, ports: [443]}, {to: 10.0.0.0/8, ports: [443]}, {to: 169.0.0.0/8, ports: [443]}, {to: 198.51.100.0/24, ports: [443]}, {to: 100.64.0.0/10, ports: [443]}]}";
    let wanted =
        ["192.168.77.9", "192.168.77.8", "192.168.78.9", "10.1.2.3", "198.51.100.8"].map(|to| (to, "tcp", 443));
    only(&policy(wide, &HOST, ""), &wanted);
}

#[test]
fn the_hosts_own_address_is_no_allowance() {
    let text = "network:\n  egress:\n    allow: [{to: 192.168.77.1, ports: [443]}]\n";
    let file = LabFile::parse(Path::new("podclaw.yaml"), text).unwrap();
    let host = ["192.168.77.1/24".parse().unwrap()];
    let error = Policy::new(file.network(), &host, &Book::default()).unwrap_err();
    assert!(error.to_string().contains("192.168.77.1"), "{error}");
    assert!(Policy::new(file.network(), &[], &Book::default()).is_ok());
}

#[test]
fn a_name_opens_public_addresses_only() {
    let name = "{mode: allowlist, allow: [{to: api.example.com, ports: [443]}]}";
    let book = r#"{"api.example.com":{"203.0.113.9":1,"192.168.77.9":1,"198.51.100.8":1,"169.254.169.254":1},"b.example.com":{"1.1.1.1":1}}"#;
    only(&policy(name, &HOST, book), &[("203.0.113.9", "tcp", 443)]);
    only(&policy(name, &HOST, "{}"), &[]);
    let described: Vec<String> = rules(&policy(name, &HOST, book)).into_iter().map(|rule| rule.description).collect();
    assert!(described.contains(&"name api.example.com".to_owned()), "{described:?}");
}

#[test]
fn incus_gets_no_rule_twice() {
    let twice = "{allow: [{to: 192.168.77.9, ports: [443]}, {to: 192.168.77.9, ports: [443]}, {to: 192.168.77.0/24, ports: [443]}]}";
    let rules = rules(&policy(twice, &HOST, ""));
    for (at, rule) in rules.iter().enumerate() {
        assert!(!rules[at + 1..].contains(rule), "{rule:?}");
    }
}
