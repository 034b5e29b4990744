//! Whether the machine is a way to other networks.

use super::{Check, Group, Said, Subject};
use crate::host::firewall::{Owner, Rules, Translation, iptables, nftables};
use crate::host::interfaces::{Interface, Kind};
use crate::host::kernel::sysctl_number;
use crate::host::{Seen, Unseen};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "net-routing",
        group: Group::Network,
        title: "the machine routes between no networks but its guests' and its own way out",
        why: "A sacrificial host must not be a router: whoever takes it over sits between those networks, and the packets of \
              guests may find a way through it.",
        remedy: "`sysctl -w net.ipv4.conf.INTERFACE.forwarding=0` for all but the way out and the lab's bridge, or let another \
                 machine route",
        essential: true,
        judge: routing,
    },
    Check {
        id: "net-nat",
        group: Group::Network,
        title: "the machine translates addresses for its guests only",
        why: "A rule that masquerades or forwards for somebody else makes this machine a gateway for them, and a port that is \
              forwarded from it may lead to a guest or into the LAN.",
        remedy: "remove the rules: `nft --handle list table FAMILY TABLE`, `nft delete rule FAMILY TABLE CHAIN handle NUMBER`",
        essential: false,
        judge: translation,
    },
    Check {
        id: "net-ipv6",
        group: Group::Network,
        title: "the machine does not pass on IPv6",
        why: "The lab has IPv4 only, and its ACL rejects the rest. A host that forwards IPv6 for others is a router, and takes \
              no more router advertisements itself.",
        remedy: "`sysctl -w net.ipv6.conf.all.forwarding=0`",
        essential: false,
        judge: |subject| match sysctl_number(&subject.root, "net.ipv6.conf.all.forwarding") {
            Ok(0) | Err(Unseen::Missing) => Said::ok("it does not"),
            Ok(_) => Said::warn("net.ipv6.conf.all.forwarding is on"),
            Err(why) => Said::unseen("net.ipv6.conf.all.forwarding", &why),
        },
    },
];

/// The interfaces that lead to somebody else's network: not those of guests.
pub(super) fn uplinks<'a>(subject: &Subject, interfaces: &'a [Interface]) -> Vec<&'a Interface> {
    let managed = subject.daemon.as_ref().ok().and_then(|daemon| daemon.networks.as_ref().ok());
    let is_inner = |name: &str| {
        let managers = ["docker", "virbr", "lxcbr", "lxdbr", "podman", "cni", "br-", "incusbr", "fan-"];
        name == subject.wanted.bridge
            || managed.is_some_and(|names| names.contains(name))
            || managers.iter().any(|manager| name.starts_with(manager))
    };
    let leads_out = |it: &&Interface| match it.kind {
        Kind::Loopback | Kind::Veth | Kind::Inner => false,
        // A port of a bridge or bond leads where that leads.
        Kind::Card | Kind::Vlan | Kind::Tunnel => it.is_up && it.master.is_none(),
        // A bridge without a card is one of guests.
        Kind::Bridge => it.is_up && !is_inner(&it.name) && has_card(&it.name, interfaces),
    };
    interfaces.iter().filter(leads_out).collect()
}

pub(super) fn has_card(bridge: &str, interfaces: &[Interface]) -> bool {
    let is_port = |it: &&Interface| it.master.as_deref() == Some(bridge) && matches!(it.kind, Kind::Card | Kind::Vlan);
    interfaces.iter().any(|it| is_port(&it))
}

fn rules(subject: &Subject) -> Seen<Rules> {
    nftables(subject.programs.nftables.as_deref().map_err(Clone::clone)?)
}

fn routing(subject: &Subject) -> Said {
    let interfaces = match &subject.interfaces {
        Ok(interfaces) => interfaces,
        Err(why) => return Said::unseen("the interfaces", why),
    };
    let uplinks = uplinks(subject, interfaces);
    let forwarding: Vec<&str> =
        uplinks.iter().filter(|it| it.forwards == Some(true)).map(|it| it.name.as_str()).collect();
    let names = uplinks.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    match sysctl_number(&subject.root, "net.ipv4.ip_forward") {
        Err(why) => return Said::unseen("net.ipv4.ip_forward", &why),
        Ok(0) if forwarding.is_empty() => {
            return Said::ok("it forwards nothing (the lab's bridge will switch that on)");
        }
        Ok(_) => {}
    }
    match (forwarding.len(), rules(subject)) {
        (0 | 1, _) => Said::ok(format!("one way out: {}", if names.is_empty() { "none" } else { &names })),
        (_, Ok(rules)) if rules.drops_forwarded => {
            Said::warn(format!("it may forward between {}, as far as the firewall allows", forwarding.join(", ")))
        }
        (_, Ok(_)) => Said::fail(format!("it forwards between {}", forwarding.join(", "))),
        (_, Err(why)) => Said::fail(format!(
            "it forwards between {}; what the firewall drops is unknown: {why}",
            forwarding.join(", ")
        )),
    }
}

fn translation(subject: &Subject) -> Said {
    let rules = match rules(subject) {
        Ok(rules) => rules,
        Err(why) => return Said::unseen("the firewall's rules", &why).mend("run it as root, with nftables installed"),
    };
    let old = match &subject.programs.iptables {
        Ok(said) => iptables(said),
        Err(why) => return Said::unseen("the rules of the old iptables", why),
    };
    let all: Vec<&Translation> = rules.translations.iter().chain(&old).filter(|it| it.owner != Owner::Incus).collect();
    let lines = all.iter().map(|it| format!("{} in {}", it.action, it.place));
    if all.is_empty() {
        Said::ok("no rule besides those of Incus")
    } else if all.iter().all(|it| it.owner == Owner::Manager) {
        Said::warn(format!("{} rules, for other containers or virtual machines", all.len()))
            .with(lines)
            .mend("move those containers and machines to another host")
    } else {
        Said::fail(format!("{} rules besides those of Incus", all.len())).with(lines)
    }
}
