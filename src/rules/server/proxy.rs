//! Proxies of others.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ServerFacts;
use super::strangers::strangers;
use crate::names::LabName;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-proxy",
    severity: Severity::Error,
    summary: "a proxy of another project that leads to the lab's addresses, or listens on one",
    why: "A proxy is a program of the host. One that connects to a guest of the lab opens it to whoever reaches the \
          proxy; one that listens on the lab's bridge gives guests a service that no ACL was made for.",
    remedy: "remove the device: `incus config device remove NAME DEVICE`; use `podclaw forward`",
    threats: &["exposure", "lateral-movement"],
    waivable: false,
    examples: &[],
};

/// The port that guests may ask on every address of the host: the daemon lets it pass before any ACL.
const DNS: u16 = 53;

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    for stranger in strangers(facts, lab) {
        for (name, device) in stranger.of_type("proxy") {
            for key in ["connect", "listen"] {
                let text = device.get(key).map(String::as_str).unwrap_or_default();
                let Some(address) = Address::parse(text) else { continue };
                let what = if address.is_in(&facts.subnets) {
                    "one of the lab's addresses"
                } else if key == "listen" && address.is_any() && address.has_port(DNS) {
                    "which the lab's guests may ask on every address"
                } else {
                    continue;
                };
                let message = format!("its proxy has `{key}: {}`, {what}", excerpt(text, 64));
                findings.push(stranger.finding(&RULE, name, message));
            }
        }
    }
}

/// An address as proxies have it: `tcp:10.0.0.2:80`, `udp:[fd00::2]:53,5353`, `tcp::8000-8010`.
struct Address<'a> {
    ip: Option<IpAddr>,
    ports: &'a str,
}

impl<'a> Address<'a> {
    /// Nothing where it is a Unix socket, or what no proxy has.
    fn parse(text: &'a str) -> Option<Self> {
        let (_, rest) = text.split_once(':').filter(|(kind, _)| matches!(*kind, "tcp" | "udp"))?;
        let (host, ports) = rest.rsplit_once(':')?;
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        Some(Self { ip: ip.map(|ip| ip.to_canonical()), ports })
    }

    fn is_in(&self, subnets: &[IpNet]) -> bool {
        self.ip.is_some_and(|ip| subnets.iter().any(|subnet| subnet.contains(&ip)))
    }

    fn is_any(&self) -> bool {
        self.ip.is_none_or(|ip| ip.is_unspecified())
    }

    fn has_port(&self, wanted: u16) -> bool {
        self.ports.split(',').any(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let number = |text: &str| text.trim().parse::<u16>().ok();
            // What can't be read counts as the port.
            number(first).is_none_or(|first| first <= wanted) && number(last).is_none_or(|last| wanted <= last)
        })
    }
}
