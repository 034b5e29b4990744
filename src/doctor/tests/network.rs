//! What is wrong with the networks of a machine, and with who may come in.

use super::super::Verdict::{Fail, Ok as Fine, Unknown, Warn};
use super::super::fixture::{Host, hidden};
use super::Case;

fn second_card(host: &Host) {
    host.write("sys/class/net/eth1/type", "1\n");
    host.write("sys/class/net/eth1/flags", "0x1003\n");
    host.write("proc/sys/net/ipv4/conf/eth1/forwarding", "1\n");
}

fn rule(place: &str, action: &str) -> String {
    let (table, chain) = place.split_once(' ').unwrap();
    format!(
        r#"{{"nftables":[{{"rule":{{"family":"ip","table":"{table}","chain":"{chain}","expr":[{{"{action}":null}}]}}}}]}}"#
    )
}

/// As the service's package brings it.
fn rules_that_flush(host: &Host) {
    host.write("etc/nftables.conf", "#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n}\n");
}

fn enabled(host: &Host) {
    host.link("/lib/systemd/system/nftables.service", "etc/systemd/system/sysinit.target.wants/nftables.service");
}

pub(super) const CASES: &[Case] = &[
    ("net-flush", |host| rules_that_flush(host), Fine, "the service nftables is off"),
    (
        "net-flush",
        |host| {
            rules_that_flush(host);
            enabled(host);
        },
        Warn,
        "/etc/nftables.conf: `flush ruleset`, which it loads",
    ),
    // It flushes when it is stopped, whatever it loads.
    ("net-flush", |host| enabled(host), Warn, "the service nftables is enabled"),
    (
        "net-flush",
        |host| {
            enabled(host);
            host.link("/dev/null", "etc/systemd/system/nftables.service");
        },
        Fine,
        "off",
    ),
    ("net-flush", |host| host.link("0123", "run/systemd/units/invocation:nftables.service"), Warn, "was started"),
    ("net-flush", |host| host.write("etc/runlevels/default/nftables", ""), Warn, "is enabled"),
    ("net-flush", |host| host.write("etc/rc.local", "nft flush  ruleset; nft -f /x\n"), Warn, "/etc/rc.local"),
    ("net-flush", |host| host.write("etc/rc.local", "# nft flush ruleset\nnft flush table inet a\n"), Fine, "nothing"),
    (
        "net-flush",
        |host| {
            rules_that_flush(host);
            host.write("etc/network/if-up.d/fw", "#!/bin/sh\nnft -f '/etc/nftables.conf'\n");
        },
        Warn,
        "/etc/network/if-up.d/fw",
    ),
    (
        "net-flush",
        |host| host.write("etc/systemd/system/fw.service", "[Service]\nExecStart=/usr/sbin/nft \"flush ruleset\"\n"),
        Warn,
        "take `flush ruleset` out of it",
    ),
    ("net-routing", |host| second_card(host), Fail, "it forwards between eth0, eth1"),
    (
        "net-routing",
        |host| {
            second_card(host);
            let chain = r#"{"nftables":[{"chain":{"table":"filter","hook":"forward","policy":"drop"}}]}"#;
            host.programs.nftables = Ok(chain.into());
        },
        Warn,
        "as far as the firewall allows",
    ),
    (
        "net-routing",
        |host| {
            second_card(host);
            host.write("proc/sys/net/ipv4/conf/eth1/forwarding", "0\n");
        },
        Fine,
        "eth0, eth1",
    ),
    // A card that is part of a bridge leads where the bridge does.
    (
        "net-routing",
        |host| {
            second_card(host);
            host.write("sys/class/net/br0/bridge/x", "");
            host.write("sys/class/net/br0/flags", "0x1003\n");
            host.write("proc/sys/net/ipv4/conf/br0/forwarding", "1\n");
            host.link("../br0", "sys/class/net/eth1/master");
        },
        Fail,
        "it forwards between br0, eth0",
    ),
    ("net-routing", |host| host.remove("proc/sys/net/ipv4/ip_forward"), Unknown, "ip_forward"),
    ("net-nat", |host| host.programs.nftables = Ok(rule("nat POSTROUTING", "masquerade")), Fail, "ip nat POSTROUTING"),
    ("net-nat", |host| host.programs.nftables = Ok(rule("nat DOCKER", "dnat")), Warn, "another host"),
    (
        "net-nat",
        |host| host.programs.iptables = Ok("-A POSTROUTING -o eth0 -j MASQUERADE\n".into()),
        Fail,
        "iptables nat POSTROUTING",
    ),
    ("net-nat", |host| host.programs.nftables = hidden(), Unknown, "as root"),
    ("net-nat", |host| host.programs.nftables = Ok("x".into()), Unknown, "no list of rules"),
    ("net-nat", |host| host.programs.iptables = hidden(), Unknown, "old iptables"),
    ("net-ipv6", |host| host.write("proc/sys/net/ipv6/conf/all/forwarding", "1\n"), Warn, "is on"),
    (
        "net-tunnels",
        |host| {
            host.write("sys/class/net/wg0/type", "65534\n");
            host.write("sys/class/net/wg0/uevent", "DEVTYPE=wireguard\n");
        },
        Fail,
        "wg0",
    ),
    ("net-vlans", |host| host.write("sys/class/net/eth0.7/uevent", "DEVTYPE=vlan\n"), Warn, "eth0.7 is a VLAN"),
    ("net-vlans", |host| second_card(host), Warn, "2 ways out: eth0, eth1"),
    (
        "net-vlans",
        |host| {
            host.write("sys/class/net/br0/bridge/x", "");
            host.link("../br0", "sys/class/net/eth0/master");
        },
        Warn,
        "br0 is a bridge with a card",
    ),
    ("net-rp-filter", |host| host.write("proc/sys/net/ipv4/conf/all/rp_filter", "0\n"), Warn, "off"),
    (
        "net-bridge-nf",
        |host| {
            host.write("proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
            host.write("proc/sys/net/bridge/bridge-nf-call-ip6tables", "0\n");
        },
        Warn,
        "is on",
    ),
    (
        "net-listeners",
        |host| {
            host.append("proc/net/tcp", "   3: 00000000:1538 00000000:0000 0A 0 0 0 0 0 77\n");
            host.write("proc/9/comm", "postgres\n");
            host.link("socket:[77]", "proc/9/fd/3");
        },
        Warn,
        "tcp 0.0.0.0:5432 (postgres)",
    ),
    ("net-listeners", |host| host.remove("proc/net/udp"), Unknown, "the sockets"),
    ("net-ssh", |host| host.write("etc/ssh/sshd_config", "PermitRootLogin no\n"), Warn, "PasswordAuthentication is on"),
    ("net-ssh", |host| host.append("etc/ssh/sshd_config", "Match User a\nPasswordAuthentication yes\n"), Warn, "Match"),
    (
        "net-ssh",
        |host| {
            let text = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n";
            host.write("etc/ssh/sshd_config", text);
        },
        Warn,
        "PermitRootLogin is yes",
    ),
    ("net-ssh", |host| host.remove("etc/ssh"), Fine, "no SSH server"),
    ("net-authorized-keys", |host| host.chmod("home/u/.ssh/authorized_keys", 0o664), Fail, "has the mode 0664"),
    ("net-authorized-keys", |host| host.write("root/.ssh/authorized_keys", "a\nb\n"), Fine, "3 keys let somebody in"),
    ("net-authorized-keys", |host| host.remove("etc/passwd"), Unknown, "the homes"),
];
