//! Ports that others than the guest itself can reach.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-publish",
    severity: Severity::Error,
    summary: "a port that is published beyond the guest's loopback",
    why: "Without an address Podman publishes a port on all of them, and everything on the guest's network can talk to \
          the gateway. People reach it by `podclaw forward`, which needs the loopback only.",
    remedy: "publish on 127.0.0.1 or [::1]: `PublishPort=127.0.0.1:18789:18789`",
    threats: &["exposure"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.pod",
        bad: "[Pod]\nPublishPort=18789:18789\n",
        good: "[Pod]\nPublishPort=127.0.0.1:18789:18789\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("PublishPort").filter(|entry| !entry.value.is_empty()) {
        if let Some(reason) = doubt(entry.plain()) {
            let message = format!("{} {reason}", excerpt(entry.plain(), 80));
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
}

/// Why a port is not on the loopback alone: `[[IP:][HOST]:]CONTAINER[/PROTOCOL]`.
fn doubt(port: &str) -> Option<&'static str> {
    let unclear = Some("is not a port that podclaw can judge");
    let (ports, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    if !matches!(protocol, "tcp" | "udp" | "sctp") {
        return unclear;
    }
    let (loopback, rest) = if let Some(bracketed) = ports.strip_prefix('[') {
        let Some((address, rest)) = bracketed.split_once("]:") else { return unclear };
        let Ok(address) = address.parse::<Ipv6Addr>() else { return unclear };
        (address.is_loopback(), rest)
    } else {
        match ports.split(':').count() {
            1 | 2 => (false, ports),
            3 => {
                let (address, rest) = ports.split_once(':').unwrap_or_default();
                match address.parse::<Ipv4Addr>() {
                    Ok(address) => (address.is_loopback(), rest),
                    Err(_) if address.is_empty() => (false, rest),
                    Err(_) => return unclear,
                }
            }
            _ => return unclear,
        }
    };
    let (host, container) = rest.split_once(':').unwrap_or(("", rest));
    if !(host.is_empty() || is_range(host)) || !is_range(container) {
        return unclear;
    }
    (!loopback).then_some("is published on other addresses than the loopback")
}

fn is_range(ports: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    ports.split_once('-').map_or_else(|| is_port(ports), |(first, last)| is_port(first) && is_port(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_is_fine() {
        for port in ["127.0.0.1:1:1", "127.0.0.1::80", "[::1]:80:80", "127.9.9.9:80-81:80-81/udp", "[::1]::80/tcp"] {
            assert_eq!(doubt(port), None, "{port}");
        }
        for port in [
            "80",
            "80:80",
            ":80",
            "::80",
            ":80:80",
            "0.0.0.0:80:80",
            "[::]:80:80",
            "::1:80:80",
            "127.1:80:80",
            "10.0.0.1:80:80",
            "localhost:80:80",
            "2130706433:80:80",
            "0127.0.0.1:80:80",
            "127.0.0.1:80:80/x",
            "127.0.0.1:80:80/",
            "",
            "127.0.0.1:80",
            "[::1]:a:80",
            "127.0.0.1:80:80:80",
            "[::ffff:0.0.0.0]:80:80",
            "127.0.0.1:99999:1",
            "*:80:80",
            "127.0.0.1:80:80 ",
            "80/udp",
            "127.0.0.1@x:80:80",
        ] {
            assert!(doubt(port).is_some(), "{port}");
        }
    }
}
