//! Protections that are switched off.

use super::call::{Call, Found};
use super::text::{is_open, shown};
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
            (plain.first().is_some_and(|word| PROTECTORS.iter().any(|unit| word.is(unit)))
                && !call.has("status")
                && !call.has("start"))
            .then(|| call.found(&RULE, "this stops a service that protects the guest"))
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
    call.input.piped.then(|| call.found(&RULE, "cannot tell which profile this loads"))
}

fn systemctl(call: &Call) -> Option<Found> {
    let off = ["stop", "disable", "mask", "kill"].iter().any(|verb| call.has(verb));
    let unit = |value: &str| PROTECTORS.contains(&value.trim_end_matches(".service").trim_end_matches(".socket"));
    (off && call.args.iter().any(|word| word.any(unit)))
        .then(|| call.found(&RULE, "this stops a service that protects the guest"))
}
