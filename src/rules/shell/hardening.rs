//! Protections that are switched off.

use super::call::{Call, Found};
use super::text::{PARAMETER, is_hole, is_open, shown};
use super::writes;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-hardening",
    severity: Severity::Error,
    summary: "a protection of the kernel or the system that is weakened",
    why: "AppArmor, seccomp and the kernel's restrictions are what stands between a hostile gateway and the kernel that all guests and the host share.",
    remedy: "leave it on; allow what Podman needs with a profile of its own, as stage 2 does",
    threats: &["apparmor", "kernel-surface"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nsysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n",
        good: "#!/bin/bash\nset -euo pipefail\nsysctl kernel.apparmor_restrict_unprivileged_userns\n",
        trial: Trial::Alone,
    }],
};

/// Commands that only weaken.
pub(super) const NAMES: &str =
    "aa-complain aa-disable aa-teardown aa-remove-unknown aa-audit aa-unconfined aa-genprof aa-logprof setenforce
setsebool semanage auditctl paxctl setarch";
/// Packages that protect.
const PACKAGES: &str =
    "apparmor libapparmor1 apparmor-utils apparmor-profiles apparmor-profiles-extra nftables iptables ufw
firewalld fail2ban auditd unattended-upgrades rsyslog systemd systemd-sysv libseccomp2 ca-certificates";
/// Where profiles are that were judged: podclaw's own, and what the distribution ships.
const PROFILES: [&str; 2] = ["/etc/apparmor.d/", "/usr/local/share/podclaw/apparmor/"];
/// Services that protect.
const PROTECTORS: [&str; 12] = [
    "apparmor",
    "ufw",
    "nftables",
    "firewalld",
    "netfilter-persistent",
    "fail2ban",
    "auditd",
    "unattended-upgrades",
    "systemd-journald",
    "rsyslog",
    "snapd.apparmor",
    "seccomp",
];

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` weakens what confines programs")));
    }
    match name {
        "sysctl" => sysctl(call),
        "apparmor_parser" => apparmor(call),
        "systemctl" => systemctl(call),
        "service" => {
            let plain = call.plain(&[]);
            (plain.first().is_some_and(|word| word.any(is_protector)) && !call.has("status") && !call.has("start"))
                .then(|| call.found(&RULE, "this stops a service that protects the guest"))
        }
        "apt" | "apt-get" | "aptitude" | "dpkg" => removal(call),
        "aa-enforce" => (call.args.len() != 1 || call.args[0].any(|name| !is_profile(name)))
            .then(|| call.found(&RULE, "cannot tell which profile this loads")),
        "hostname" => (!call.plain(&[]).is_empty() || call.is_open())
            .then(|| call.found(&RULE, "this gives the guest another name")),
        "timedatectl" | "hostnamectl" | "localectl" => {
            let plain = call.plain(&["-p", "--property"]);
            let reads = plain.first().is_none_or(|verb| {
                verb.one().is_some_and(|verb| {
                    matches!(verb, "status" | "show" | "timesync-status") || verb.starts_with("list-")
                })
            });
            (!reads).then(|| call.found(&RULE, "this changes the guest's clock, name or language"))
        }
        "aa-exec" => Some(call.found(&RULE, "this runs something under another profile")),
        _ => None,
    }
}

fn sysctl(call: &Call) -> Option<Found> {
    let loads = ["--system", "-p", "--load", "-f"].iter().any(|option| call.has(option)) || call.short('p', "");
    let writes =
        call.short('w', "") || call.args.iter().any(|word| word.any(|value| value.contains('=') || is_open(value)));
    (loads || writes).then(|| call.found(&RULE, "this changes what the kernel allows"))
}

fn apparmor(call: &Call) -> Option<Found> {
    let allowed = |value: &str| {
        matches!(
            value,
            "-r" | "--replace"
                | "-W"
                | "--write-cache"
                | "-a"
                | "--add"
                | "-rW"
                | "-T"
                | "--skip-read-cache"
                | "-K"
                | "--skip-cache"
                | "-q"
                | "--quiet"
                | "-Q"
                | "--skip-kernel-load"
                | "-V"
                | "--version"
                | "-N"
                | "--names"
        )
    };
    let odd = call.args.iter().flat_map(|word| &word.values).find(|value| value.starts_with('-') && !allowed(value));
    if let Some(option) = odd {
        return Some(
            call.found(
                &RULE,
                format!("`apparmor_parser {}` may unload a profile or leave it unenforced", shown(option)),
            ),
        );
    }
    let files = call.plain(&[]);
    let asks = call.has("-V") || call.has("--version");
    let unjudged = (files.is_empty() && !asks)
        || files.iter().flat_map(|word| &word.values).any(|file| !is_profile(file) && !file.contains(PARAMETER));
    (unjudged || call.input.piped || call.input.text.is_some())
        .then(|| call.found(&RULE, "this loads a profile from a place where nobody judged it"))
}

fn is_profile(file: &str) -> bool {
    let path = writes::normal(file);
    !writes::is_unsure(file) && PROFILES.iter().any(|directory| path.starts_with(directory))
}

/// A package that protects, and is removed.
fn removal(call: &Call) -> Option<Found> {
    let plain = call.plain(&["-o", "--option", "-c", "--config-file", "-t", "--target-release"]);
    let removes = if call.name == "dpkg" {
        call.short('r', "") || call.short('P', "") || call.long("--remove") || call.long("--purge")
    } else {
        plain
            .first()
            .is_some_and(|verb| verb.any(|verb| super::known::in_list("remove purge autoremove autopurge", verb)))
    };
    let mut names = plain.iter().flat_map(|word| &word.values);
    let name = names.find(|name| {
        let plain = name.split([':', '=', '/']).next().unwrap_or_default();
        let kept = plain.strip_suffix('-');
        (removes || kept.is_some()) && super::known::in_list(PACKAGES, kept.unwrap_or(plain))
    })?;
    Some(call.found(&RULE, format!("this removes `{}`, which protects the guest", shown(name))))
}

/// Whether a name can be that of a unit that protects.
fn is_protector(unit: &str) -> bool {
    let lower = unit.to_ascii_lowercase();
    let name = lower.trim_end_matches(".service").trim_end_matches(".socket");
    // A pattern is told by what stands before its first sign.
    let certain = name.split(|c: char| is_hole(c) || matches!(c, '*' | '?' | '[')).next().unwrap_or_default();
    let fits = |protector: &&str| {
        if certain.len() == name.len() { *protector == name } else { protector.starts_with(certain) }
    };
    // `*.timer` is no service.
    let other = [".timer", ".path", ".target", ".mount", ".slice"].iter().any(|kind| name.ends_with(kind));
    !other && PROTECTORS.iter().any(fits)
}

fn systemctl(call: &Call) -> Option<Found> {
    let off = ["stop", "disable", "mask", "kill"].iter().any(|verb| call.has(verb));
    let units = call.args.iter().filter(|word| !word.any(|value| value.starts_with('-') || value.contains(PARAMETER)));
    (off && units.skip(1).any(|word| word.any(is_protector)))
        .then(|| call.found(&RULE, "this stops a service that protects the guest"))
}
