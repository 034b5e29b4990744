use super::*;
use crate::incus::AclRule;

fn rule(action: &str, destination: &str, protocol: &str, ports: &str) -> AclRule {
    AclRule {
        action: action.into(),
        state: "enabled".into(),
        destination: destination.into(),
        protocol: protocol.into(),
        destination_port: ports.into(),
        ..AclRule::default()
    }
}

fn chain(fence: &Fence, chain: &str) -> Vec<String> {
    let all = lines(fence.text()).into_iter();
    all.filter(|line| line.chain == chain).map(|line| line.rule).collect()
}

#[test]
fn it_says_what_the_acl_says_in_incus_order() {
    let egress = vec![
        rule("allow", "0.0.0.0/0", "", ""),
        rule("allow", "192.168.77.9/32", "tcp", "443"),
        rule("reject", "10.0.0.0/8", "", ""),
        rule("drop", "0.0.0.0/0", "udp", "53,853"),
        AclRule { state: "disabled".into(), ..rule("allow", "10.1.1.1", "", "") },
    ];
    let acl = Acl { egress, ..Acl::default() };
    let fence = Fence::new(&"t1".parse().unwrap(), "10.9.0.1/24".parse().unwrap(), &acl).unwrap();
    assert_eq!(fence.name(), "podclaw_t1");
    assert_eq!(
        chain(&fence, "egress")[1..],
        [
            "ip daddr 0.0.0.0/0 udp dport { 53, 853 } drop",
            "ip daddr 10.0.0.0/8 reject",
            "ip daddr 0.0.0.0/0 accept",
            "ip daddr 192.168.77.9 tcp dport 443 accept",
            "reject",
        ]
    );
    let host = chain(&fence, "host");
    assert!(host.contains(&"ip daddr 10.9.0.1 udp dport 53 accept".to_owned()), "{host:?}");
    assert!(!host.iter().any(|rule| rule.contains("443") || rule == "ip daddr 0.0.0.0/0 accept"), "{host:?}");
    assert_eq!(host.last().map(String::as_str), Some("reject"), "the host is no part of what is opened");
    assert_eq!(chain(&fence, "ingress"), ["ct state established,related accept", "reject"]);
}

#[test]
fn who_asks_for_another_address_of_the_host_gets_no_answer() {
    let fence = Fence::new(&"t1".parse().unwrap(), "10.9.0.1/24".parse().unwrap(), &Acl::default()).unwrap();
    let rules = chain(&fence, "neighbour");
    assert_eq!(rules[1..], ["iifname \"t1br0\" arp operation request arp daddr ip != 10.9.0.0/24 drop"]);
    // Of both kinds, so that nothing of an older one stays.
    assert!(fence.text().contains("delete table arp podclaw_t1\n"), "{}", fence.text());
}

#[test]
fn a_rule_that_is_not_understood_is_an_error() {
    for rule in [rule("allow", "@internal", "", ""), rule("allow", "", "sctp", "9"), rule("permit", "", "", "")] {
        let acl = Acl { egress: vec![rule.clone()], ..Acl::default() };
        assert!(Fence::new(&LabName::default(), "10.9.0.1/24".parse().unwrap(), &acl).is_err(), "{rule:?}");
    }
}
