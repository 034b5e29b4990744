//! What the lab file opens to guests, and what that means.

use ipnet::Ipv4Net;

use super::choices::at;
use crate::lab_file::{Allowance, DNS_PORTS, Destination, Egress, EgressMode};
use crate::ranges;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::yaml::{Document, Node};

/// A network with a shorter prefix than this has more addresses than anybody looks after.
const NARROW: u8 = 16;
/// More ports in one range than this are not one service's.
const MOST_PORTS: u16 = 1000;
const MAIL: u16 = 25;

const fn example(bad: &'static str, good: &'static str) -> Example {
    Example { path: "podclaw.yaml", bad, good, trial: Trial::Alone }
}

pub(super) static PRIVATE: Rule = Rule {
    id: "lab-egress-private",
    severity: Severity::Warning,
    summary: "an allowance that leads into a private network",
    why: "The machines of your own network are what the lab keeps guests away from. A service there that trusts its \
          network, that has a known hole, or that passes requests on, is a way out of the lab.",
    remedy: "put what guests need where it is public, or waive this for a machine that may be lost like the lab",
    threats: &["lateral-movement", "documented"],
    waivable: true,
    examples: &[example(
        "network:\n  egress:\n    allow:\n      - to: \"192.168.77.9\"\n        ports: [443]\n",
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [443]\n",
    )],
};

pub(super) static WIDE: Rule = Rule {
    id: "lab-egress-wide",
    severity: Severity::Warning,
    summary: "an allowance of so many addresses or ports that nobody knows what is there",
    why: "An allowance is to be for a service. A whole network or all ports open what runs there today and what somebody \
          starts there tomorrow.",
    remedy: "name the addresses and ports of the service",
    threats: &["lateral-movement", "documented"],
    waivable: true,
    examples: &[example(
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [\"1-65535\"]\n",
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [443]\n",
    )],
};

pub(super) static NAME: Rule = Rule {
    id: "lab-egress-name",
    severity: Severity::Note,
    summary: "an allowance by name",
    why: "The firewall knows addresses. Whoever owns the name says which they are, others may share them, and they are \
          only as fresh as the last look. docs/networking.md says what a name can't promise.",
    remedy: "give addresses where they are fixed; else let a timer run `podclaw init --refresh-names`",
    threats: &["documented"],
    waivable: true,
    examples: &[example(
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: api.example.com\n        ports: [443]\n",
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [443]\n",
    )],
};

pub(super) static RESOLVER: Rule = Rule {
    id: "lab-egress-resolver",
    severity: Severity::Warning,
    summary: "an allowance of a resolver's port",
    why: "Who may ask any resolver carries data out in the names that it asks for, past the lab's own resolver and its \
          filter.",
    remedy: "let guests ask the lab's resolver, and set `network.dns.upstream` where another one is to answer",
    threats: &["secrets", "documented"],
    waivable: true,
    examples: &[example(
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [853]\n",
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [443]\n",
    )],
};

pub(super) static MAILING: Rule = Rule {
    id: "lab-egress-mail",
    severity: Severity::Warning,
    summary: "an allowance of the port at which mail is taken in",
    why: "A guest that may deliver mail can send what it holds to anybody, and spam in the name of your address.",
    remedy: "let guests hand mail to a service that asks who they are, at its own port",
    threats: &["secrets", "documented"],
    waivable: true,
    examples: &[example(
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [25]\n",
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [465]\n",
    )],
};

pub(super) static IDLE: Rule = Rule {
    id: "lab-egress-open",
    severity: Severity::Warning,
    summary: "an allowance of something public, in the mode that opens all of it",
    why: "Whoever writes a list of what is allowed means that the rest is not. In the mode `open`, which is the default, \
          the rest of the public internet is open too.",
    remedy: "set `network.egress.mode: allowlist`, or take the allowance out",
    threats: &["documented"],
    waivable: true,
    examples: &[example(
        "network:\n  egress:\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [443]\n",
        "network:\n  egress:\n    mode: allowlist\n    allow:\n      - to: \"203.0.113.9\"\n        ports: [443]\n",
    )],
};

/// Judges what both readers have read: the values by the one, their places by the other.
pub(super) fn check(document: &Document, egress: &Egress, found: &mut Found) {
    let Some(list) = at(&document.root, "network.egress.allow") else { return };
    let Ok(nodes) = document.sequence(list) else { return };
    for (number, (allowance, node)) in egress.allow.iter().zip(nodes).enumerate() {
        let subject = format!("network.egress.allow[{number}]");
        let mut say = |rule: &'static Rule, field: &str, message: String| {
            let span = at(node, field).map_or(node, |inner: &Node| inner).span;
            found.add(rule, format!("{subject}.{field}"), span.start..span.end, message);
        };
        let is_open = egress.mode == EgressMode::Open;
        match &allowance.to {
            Destination::Net(net) => {
                judge_net(*net, &mut say);
                if is_open && ranges::not_public(*net).is_none() && !names_resolver(allowance) {
                    say(&IDLE, "to", format!("{} is open in the mode `open` anyway, and so is the rest", allowance.to));
                }
            }
            Destination::Name(name) => {
                say(&NAME, "to", format!("whoever owns {name} says what it opens"));
                if is_open {
                    say(
                        &IDLE,
                        "to",
                        format!("what {name} can open is open in the mode `open` anyway, and so is the rest"),
                    );
                }
            }
        }
        judge_ports(allowance, &mut say);
    }
}

fn judge_net(net: Ipv4Net, say: &mut impl FnMut(&'static Rule, &str, String)) {
    let to = Destination::Net(net);
    if let Some(range) = ranges::not_public(net) {
        let what = if range.net.contains(&net) { "is" } else { "has addresses that are" };
        say(
            &PRIVATE,
            "to",
            format!("{to} {what} not of the public internet ({}): guests get to machines there", range.what),
        );
    }
    if net.prefix_len() < NARROW {
        let count = 1_u64 << (32 - net.prefix_len());
        say(&WIDE, "to", format!("{to} has {count} addresses"));
    }
}

fn judge_ports(allowance: &Allowance, say: &mut impl FnMut(&'static Rule, &str, String)) {
    let count = |last: u16, first: u16| last - first;
    if let Some(wide) = allowance.ports.iter().find(|ports| count(ports.last, ports.first) >= MOST_PORTS) {
        let all =
            if (wide.first, wide.last) == (1, u16::MAX) { "is every port" } else { "is more than one service has" };
        say(&WIDE, "ports", format!("{wide} {all}"));
    }
    for port in DNS_PORTS {
        if allowance.ports.iter().any(|ports| ports.is(port)) {
            say(&RESOLVER, "ports", format!("port {port} of {} is a way out for data in names", allowance.to));
        }
    }
    if allowance.ports.iter().any(|ports| ports.contains(MAIL)) {
        say(&MAILING, "ports", format!("guests can deliver mail at {}", allowance.to));
    }
}

/// An allowance of a resolver opens what the mode does not.
fn names_resolver(allowance: &Allowance) -> bool {
    DNS_PORTS.into_iter().any(|port| allowance.ports.iter().any(|ports| ports.is(port)))
}
