//! Which networks the machine is in, and how strict it is about them.

use super::routing::has_card;
use super::{Check, Group, Said, Subject};
use crate::host::Unseen;
use crate::host::interfaces::Kind;
use crate::host::kernel::sysctl_number;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "net-tunnels",
        group: Group::Network,
        title: "no tunnel or VPN leads from the machine",
        why: "Whoever takes the host over is in the network at the tunnel's other end, with the host's rights there.",
        remedy: "take it down and remove its keys: `wg-quick down NAME`, `tailscale logout`, `systemctl disable --now openvpn`",
        essential: false,
        judge: |subject| match &subject.interfaces {
            Err(why) => Said::unseen("the interfaces", why),
            Ok(all) => {
                let found: Vec<_> =
                    all.iter().filter(|it| it.kind == Kind::Tunnel).map(|it| it.name.as_str()).collect();
                if found.is_empty() { Said::ok("none") } else { Said::fail(found.join(", ")) }
            }
        },
    },
    Check {
        id: "net-vlans",
        group: Group::Network,
        title: "the machine is in one network",
        why: "Each VLAN, and each bridge with a card, is one more network in which a host that was taken over stands. A guest \
              that somebody puts on such a bridge is in it too.",
        remedy: "`ip link delete NAME`, and remove it from the network's configuration",
        essential: false,
        judge: vlans,
    },
    Check {
        id: "net-rp-filter",
        group: Group::Network,
        title: "the kernel drops packets with foreign senders",
        why: "With the reverse path filter, a packet that pretends to come from another network than it does is dropped \
              before any rule sees it.",
        remedy: "`sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.default.rp_filter=2`, and the same in /etc/sysctl.d",
        essential: false,
        judge: |subject| {
            let number = |name: &str| sysctl_number(&subject.root, &format!("net.ipv4.conf.{name}.rp_filter"));
            match (number("all"), number("default")) {
                // The larger of the interface's own and that of all counts, and a new bridge gets the default.
                (Ok(all), Ok(default)) if all.max(default) > 0 => Said::ok(format!("{}", all.max(default))),
                (Ok(_), Ok(_)) => Said::warn("it is off for new interfaces"),
                (Err(why), _) | (_, Err(why)) => Said::unseen("rp_filter", &why),
            }
        },
    },
    Check {
        id: "net-bridge-nf",
        group: Group::Network,
        title: "packets inside of bridges do not pass the host's rules",
        why: "With br_netfilter, rules that other software made for the host drop or translate what guests send through \
              their bridge: Docker's drop everything.",
        remedy: "`sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0`",
        essential: false,
        judge: |subject| {
            let number = |name: &str| sysctl_number(&subject.root, &format!("net.bridge.bridge-nf-call-{name}"));
            match (number("iptables"), number("ip6tables")) {
                (Err(Unseen::Missing), _) => Said::ok("br_netfilter is not loaded"),
                (Ok(0), Ok(0)) => Said::ok("br_netfilter is loaded, and off"),
                (Ok(_), Ok(_)) => Said::warn("br_netfilter is on"),
                (Err(why), _) | (_, Err(why)) => Said::unseen("br_netfilter", &why),
            }
        },
    },
];

fn vlans(subject: &Subject) -> Said {
    let interfaces = match &subject.interfaces {
        Ok(interfaces) => interfaces,
        Err(why) => return Said::unseen("the interfaces", why),
    };
    let mut found = Vec::new();
    for it in interfaces {
        match it.kind {
            Kind::Vlan => found.push(format!("{} is a VLAN", it.name)),
            Kind::Bridge if it.name != subject.wanted.bridge && has_card(&it.name, interfaces) => {
                found.push(format!("{} is a bridge with a card", it.name));
            }
            _ => {}
        }
    }
    let ways = super::routing::uplinks(subject, interfaces);
    if ways.len() > 1 {
        found.push(format!(
            "{} ways out: {}",
            ways.len(),
            ways.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ")
        ));
    }
    match ways.first() {
        _ if !found.is_empty() => Said::warn("it is in several").with(found),
        Some(way) => Said::ok(way.name.clone()),
        None => Said::ok("no way out is up"),
    }
}
