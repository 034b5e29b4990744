//! The daemon's own configuration: where it listens, and whom it trusts.

use super::{Check, Daemon, Group, Said, with_daemon};
use crate::incus::Details;
use crate::policy::is_loopback;

/// Settings that make the daemon listen, and what is there.
const LISTENS: [(&str, &str); 7] = [
    ("core.https_address", "the API"),
    ("core.debug_address", "the debugger"),
    ("core.metrics_address", "measurements"),
    ("core.storage_buckets_address", "buckets"),
    ("core.bgp_address", "BGP"),
    ("core.dns_address", "DNS"),
    ("cluster.https_address", "the cluster"),
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "incus-listens",
        group: Group::Incus,
        title: "the daemon listens on its socket only",
        why: "Whoever reaches the daemon over the network and is trusted is root here. The threat model has it local only.",
        remedy: "`incus config unset core.https_address`, and the same for the others",
        essential: false,
        judge: |subject| with_daemon(subject, |daemon| with_details(daemon, listens)),
    },
    Check {
        id: "incus-trust",
        group: Group::Incus,
        title: "the daemon trusts nobody but its socket",
        why: "A client certificate without restrictions, or an account that OIDC lets in, is root on this machine.",
        remedy: "`incus config trust list`, and `incus config trust remove FINGERPRINT`",
        essential: false,
        judge: |subject| with_daemon(subject, trust),
    },
];

fn with_details(daemon: &Daemon, judge: impl FnOnce(&Details) -> Said) -> Said {
    match &daemon.details {
        Ok(details) => judge(details),
        Err(why) => Said::unknown(why),
    }
}

fn set<'a>(details: &'a Details, key: &str) -> Option<&'a str> {
    details.config.get(key).map(String::as_str).filter(|value| !value.is_empty())
}

fn listens(details: &Details) -> Said {
    let all: Vec<(&str, &str, &str)> =
        LISTENS.iter().filter_map(|(key, what)| Some((*key, set(details, key)?, *what))).collect();
    if all.is_empty() {
        return Said::ok("no address is set");
    }
    let lines = all.iter().map(|(key, address, what)| format!("{key} = {address}: {what}"));
    let unset = all.iter().map(|(key, ..)| format!("incus config unset {key}")).collect::<Vec<_>>().join("; ");
    if all.iter().all(|(_, address, _)| is_loopback(address)) {
        return Said::warn("it listens on the loopback too").with(lines).mend(format!("`{unset}`"));
    }
    Said::fail("it listens on the network").with(lines).mend(format!("`{unset}`"))
}

fn trust(daemon: &Daemon) -> Said {
    let (details, certificates) = match (&daemon.details, &daemon.certificates) {
        (Ok(details), Ok(certificates)) => (details, certificates),
        (Err(why), _) | (_, Err(why)) => return Said::unknown(why),
    };
    let mut found = Vec::new();
    for certificate in certificates.iter().filter(|it| it.kind != "metrics" && it.kind != "server") {
        let scope = if certificate.restricted { "for some projects" } else { "for everything" };
        found.push((certificate.restricted, format!("certificate {:?}, {scope}", certificate.name)));
    }
    if set(details, "core.trust_ca_certificates").is_some_and(|value| value == "true") {
        found.push((false, "core.trust_ca_certificates: everybody with a certificate of the authority".into()));
    }
    for key in ["oidc.issuer", "openfga.api.url", "authorization.scriptlet"] {
        if let Some(value) = set(details, key) {
            found.push((key != "oidc.issuer", format!("{key} = {value}")));
        }
    }
    let lines = found.iter().map(|(_, line)| line);
    if found.is_empty() {
        Said::ok("no certificate, no other way in")
    } else if found.iter().all(|(is_restricted, _)| *is_restricted) {
        Said::warn(format!("{} ways in, all restricted", found.len())).with(lines)
    } else {
        Said::fail(format!("{} ways in, not all restricted", found.len())).with(lines)
    }
}
