use std::path::Path;

use crate::lab_file::LabFile;

fn parse(allow: &str) -> Result<LabFile, String> {
    let text = format!("network:\n  egress:\n    {allow}\n");
    LabFile::parse(Path::new("podclaw.yaml"), &text).map_err(|error| error.to_string())
}

#[test]
fn what_can_be_allowed_is() {
    for allow in [
        "mode: open",
        "mode: sealed",
        "mode: allowlist",
        "allow: []",
        "allow: [{to: 192.168.77.9, ports: [443]}]",
        "allow: [{to: 192.168.77.0/24, protocol: udp, ports: [\"53\", 8000-8010, 65535]}]",
        "allow: [{to: API.Example.com., ports: [443]}]",
        "allow: [{to: 169.0.0.0/8, ports: [1]}]",
        "allow: [{to: 203.0.113.9, ports: [53]}]",
        "allow: [{to: 203.0.113.9, ports: [1-65535]}]",
        "allow: [{to: api.example.com, ports: [1-1024]}]",
    ] {
        parse(allow).expect(allow);
    }
}

#[test]
fn what_can_not_be_allowed_is_refused() {
    let many = |count: usize, one: &str| format!("allow: [{}]", vec![one; count].join(", "));
    let ports: Vec<String> = (1..=16).map(|port| (port * 2).to_string()).collect();
    let names: Vec<String> = (0..33).map(|number| format!("{{to: a{number}.example.com, ports: [443]}}")).collect();
    for (allow, why) in [
        ("mode: closed", "unknown variant"),
        ("modes: open", "unknown field"),
        ("allow: [{to: 192.168.77.9}]", "ports"),
        ("allow: [{to: 192.168.77.9, ports: []}]", "has no ports"),
        ("allow: [{to: 192.168.77.9, ports: [0]}]", "neither a port"),
        ("allow: [{to: 192.168.77.9, ports: [65536]}]", "neither a port"),
        ("allow: [{to: 192.168.77.9, ports: [-1]}]", "neither a port"),
        ("allow: [{to: 192.168.77.9, ports: [\"+80\"]}]", "neither a port"),
        ("allow: [{to: 192.168.77.9, ports: [9-8]}]", "neither a port"),
        ("allow: [{to: 192.168.77.9, ports: [1-2-3]}]", "neither a port"),
        ("allow: [{to: 192.168.77.9, ports: [443], protocol: sctp}]", "unknown variant"),
        ("allow: [{to: 192.168.77.9, ports: [443], port: 1}]", "unknown field"),
        ("allow: [{to: 192.168.77.9/24, ports: [443]}]", "write 192.168.77.9 or 192.168.77.0/24"),
        ("allow: [{to: 0.0.0.0/0, ports: [443]}]", "too wide"),
        ("allow: [{to: 128.0.0.0/1, ports: [443]}]", "too wide"),
        ("allow: [{to: 0.0.0.0, ports: [443]}]", "this network"),
        ("allow: [{to: 127.0.0.1, ports: [443]}]", "loopback"),
        ("allow: [{to: 169.254.169.254, ports: [80]}]", "cloud metadata"),
        ("allow: [{to: 169.254.0.0/16, ports: [80]}]", "cloud metadata"),
        ("allow: [{to: 100.100.100.200, ports: [80]}]", "cloud metadata"),
        ("allow: [{to: 168.63.129.16, ports: [80]}]", "a cloud's service"),
        ("allow: [{to: 224.0.0.251, ports: [5353]}]", "multicast"),
        ("allow: [{to: 255.255.255.255, ports: [67]}]", "broadcast"),
        ("allow: [{to: 10.173.57.1, ports: [443]}]", "the lab's own subnet"),
        ("allow: [{to: 10.173.57.0/24, ports: [443]}]", "the lab's own subnet"),
        ("allow: [{to: \"::1\", ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: localhost, ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: 0x7f.1, ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: 010.0.0.1, ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: a.example.0x7f, ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: \"*.example.com\", ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: \"a_b.example.com\", ports: [443]}]", "no IPv4 address"),
        ("allow: [{to: dns.example.com, ports: [853]}]", "by name"),
        ("{mode: sealed, allow: [{to: 192.168.77.9, ports: [443]}]}", "opens nothing"),
        (&many(65, "{to: 192.168.77.9, ports: [443]}"), "too many"),
        (&format!("allow: [{}]", names.join(", ")), "too many"),
        (&format!("allow: [{{to: 192.168.77.9, ports: [{}]}}]", ports.join(", ")), "too many ports"),
    ] {
        let error = parse(allow).expect_err(allow);
        assert!(error.contains(why), "{allow}: {error}");
    }
}

#[test]
fn ports_are_put_in_order() {
    let file = parse("allow: [{to: 192.168.77.9, ports: [443, 80, 8005-8020, 443, 8000-8010]}]").expect("it is right");
    let ports: Vec<String> = file.network().egress.allow[0].ports.iter().map(ToString::to_string).collect();
    assert_eq!(ports, ["80", "443", "8000-8020"]);
}
