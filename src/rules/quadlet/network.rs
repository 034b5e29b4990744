//! The network of a container.

use super::file::{Quadlet, Type, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-network",
    severity: Severity::Error,
    summary: "a container on the guest's own network, in another one's, or on one that is not known",
    why: "With `Network=host` everything that the container listens on is on the guest's network, whatever is \
          published, and it reaches what the guest keeps on its loopback. Options of pasta and slirp4netns open the \
          loopback too.",
    remedy: "leave Network= out, or use `none`, `private`, `bridge`, `pasta`, `slirp4netns` or a .network file",
    threats: &["foreign-network", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.pod",
        bad: "[Pod]\nNetwork=host\n",
        good: "[Pod]\nNetwork=pasta\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("Network").filter(|entry| !entry.value.is_empty()) {
        if !is_own(entry.plain()) {
            let message = format!("the network {} is not the container's own", excerpt(entry.plain(), 80));
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
    for entry in ["DNS", "AddHost"].into_iter().flat_map(|key| quadlet.all(key)).filter(|entry| !entry.value.is_empty())
    {
        let message = "names are resolved otherwise than the lab decides";
        found.add(&RULE, subject(entry), entry.bytes.clone(), message);
    }
    if quadlet.kind != Type::Network {
        return;
    }
    for entry in quadlet.all("Driver").filter(|entry| !matches!(entry.plain(), "" | "bridge")) {
        let message = format!("the driver {} reaches beyond the guest", excerpt(entry.plain(), 80));
        found.add(&RULE, subject(entry), entry.bytes.clone(), message);
    }
    for entry in quadlet.all("IPAMDriver").filter(|entry| !matches!(entry.plain(), "" | "host-local" | "none")) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "addresses come from a network beyond the guest");
    }
    for entry in quadlet.all("Options").filter(|entry| !entry.value.is_empty()) {
        let known = |option: &str| ["isolate=", "mtu="].iter().any(|known| option.trim().starts_with(known));
        if !entry.plain().split(',').all(known) {
            found.add(
                &RULE,
                subject(entry),
                entry.bytes.clone(),
                "an option of the network that podclaw does not know",
            );
        }
    }
}

fn is_own(network: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    matches!(network, "none" | "private" | "bridge" | "pasta" | "slirp4netns")
        || network.strip_suffix(".network").is_some_and(plain)
}
