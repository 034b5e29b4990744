//! A lab's resolver that asks somebody who should not be asked.
//!
//! What is in the block lists is not looked at here: they are not given to lint. `init` reads them.

use std::net::SocketAddrV4;

use ipnet::Ipv4Net;

use super::choices::at;
use crate::lab_file::Network;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::yaml::Document;

pub(super) static PLAIN: Rule = Rule {
    id: "lab-dns-plain",
    severity: Severity::Warning,
    summary: "a resolver elsewhere than on the host's loopback, which is asked in plain text",
    why: "What guests ask for goes over the network as anybody there can read and change it. And guests reach port 53 \
          of every address of the host: a resolver there answers them without the lab's filter.",
    remedy: "let a forwarder that encrypts listen on the host's loopback, and name that: see docs/dns.md",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "network:\n  dns:\n    upstream: '192.168.1.1:53'\n",
        good: "network:\n  dns:\n    upstream: '127.0.0.1:5300'\n",
        trial: Trial::Alone,
    }],
};

pub(super) static IN_LAB: Rule = Rule {
    id: "lab-dns-in-lab",
    severity: Severity::Error,
    summary: "a resolver in the lab's own subnet",
    why: "The bridge's own address would ask itself without end. Any other one is a guest's: it would learn what all \
          guests ask for, and say where they go.",
    remedy: "name a resolver on the host's loopback, or leave `upstream` out",
    threats: &["lateral-movement"],
    waivable: false,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "network:\n  subnet: 10.99.0.1/24\n  dns:\n    upstream: '10.99.0.7:53'\n",
        good: "network:\n  subnet: 10.99.0.1/24\n  dns:\n    upstream: '127.0.0.1:5300'\n",
        trial: Trial::Alone,
    }],
};

pub(super) static UNUSED: Rule = Rule {
    id: "lab-dns-unused",
    severity: Severity::Note,
    summary: "a resolver's settings in a sealed lab",
    why: "In a sealed lab no name is resolved, so that there is nobody to ask and nothing to block.",
    remedy: "leave `network.dns` out, or choose another mode",
    threats: &["documented"],
    waivable: true,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "network:\n  egress:\n    mode: sealed\n  dns:\n    upstream: '127.0.0.1:5300'\n",
        good: "network:\n  egress:\n    mode: sealed\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(document: &Document, found: &mut Found) {
    let node = |path: &str| at(&document.root, path);
    let text = |path: &str| node(path).and_then(|node| document.scalar(node).ok());
    if let Some(dns) = node("network.dns")
        && text("network.egress.mode") == Some("sealed")
    {
        found.add(&UNUSED, "network.dns", dns.span.start..dns.span.end, "nothing is resolved in a sealed lab");
    }
    let Some(written) = node("network.dns.upstream") else { return };
    let Some(upstream) = text("network.dns.upstream").and_then(|text| text.parse::<SocketAddrV4>().ok()) else {
        return;
    };
    let subnet = text("network.subnet").and_then(|subnet| subnet.parse::<Ipv4Net>().ok());
    let subnet = subnet.unwrap_or_else(|| Network::default().subnet.net());
    let mut say = |rule, message| {
        found.add(rule, "network.dns.upstream", written.span.start..written.span.end, message);
    };
    if subnet.contains(upstream.ip()) {
        say(&IN_LAB, format!("{upstream} is in the lab's own subnet {}", subnet.trunc()));
    } else if !upstream.ip().is_loopback() {
        say(&PLAIN, format!("{upstream} is not on the host's loopback, and is asked in plain text"));
    }
}
