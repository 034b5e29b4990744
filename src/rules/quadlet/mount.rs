//! What of the guest a container sees.

use super::file::{Quadlet, Type, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-mount",
    severity: Severity::Error,
    summary: "a path of the guest in the container that is not the gateway's own state",
    why: "A socket of Podman, Docker, Incus or the user's session is a way to run anything outside of the container. \
          /etc, /proc, a home directory or a shared mount let what is inside change what is outside.",
    remedy: "mount only %h/.openclaw or what is below it, with nosuid and nodev, or a named volume",
    threats: &["host-path", "guest-api"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.pod",
        bad: "[Pod]\nVolume=%t/podman/podman.sock:/run/podman.sock\n",
        good: "[Pod]\nVolume=%h/.openclaw:/home/node/.openclaw:rw,nosuid,nodev\n",
        trial: Trial::Alone,
    }],
};

/// The service user's home, in each way that it can be written.
const STATES: [&str; 2] = ["%h/.openclaw", "/home/openclaw/.openclaw"];
/// What node has compiled, which nothing in a container may change: it would decide what the next one runs.
const COMPILE_CACHE: &str = "/var/lib/podclaw/compile-cache";
/// Places that a container has of its own, and that nothing may be put over.
const OWN: [&str; 15] = [
    "/proc", "/sys", "/dev", "/etc", "/run", "/usr", "/var/run", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/root",
    "/app", "/opt",
];
const OPTIONS: [&str; 8] = ["rw", "ro", "nosuid", "nodev", "noexec", "private", "rprivate", "Z"];

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for (key, doubt) in [("Volume", volume as fn(&str) -> Option<&'static str>), ("Mount", mount)] {
        for entry in quadlet.all(key).filter(|entry| !entry.value.is_empty()) {
            if let Some(reason) = doubt(entry.plain()) {
                let message = format!("{}: {reason}", excerpt(entry.plain(), 120));
                found.add(&RULE, subject(entry), entry.bytes.clone(), message);
            }
        }
    }
    for entry in quadlet.all("LogOpt").filter(|entry| entry.value.contains("path")) {
        found.add(
            &RULE,
            subject(entry),
            entry.bytes.clone(),
            "the container's output is written to a path of the guest",
        );
    }
    for entry in quadlet.all("HealthLogDestination") {
        if !matches!(entry.plain(), "" | "local" | "events_logger") {
            let message = "what health checks say is written to a path of the guest";
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
    for entry in quadlet.all("LogDriver").filter(|entry| !matches!(entry.plain(), "" | "journald" | "none")) {
        found.add(
            &RULE,
            subject(entry),
            entry.bytes.clone(),
            "the container's output goes elsewhere than to the journal",
        );
    }
    if quadlet.kind == Type::Volume {
        device(quadlet, found);
    }
}

/// A volume can be a path of the guest, by its driver's options.
fn device(quadlet: &Quadlet, found: &mut Found) {
    for key in ["Device", "Options", "Type"] {
        for entry in quadlet.all(key).filter(|entry| !matches!(entry.plain(), "" | "tmpfs")) {
            found.add(
                &RULE,
                subject(entry),
                entry.bytes.clone(),
                "a volume with options of its own can be any path of the guest",
            );
        }
    }
    for entry in quadlet.all("Driver").filter(|entry| !matches!(entry.plain(), "" | "local" | "image")) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "a driver of volumes that podclaw does not know");
    }
}

/// Why `[SOURCE:]DESTINATION[:OPTIONS]` is not fine.
pub(in crate::rules) fn volume(text: &str) -> Option<&'static str> {
    let parts: Vec<_> = text.split(':').collect();
    let (source, destination, options) = match parts[..] {
        [destination] => (None, destination, ""),
        [source, destination] => (Some(source), destination, ""),
        [source, destination, options] => (Some(source), destination, options),
        _ => return Some("this is not SOURCE:DESTINATION:OPTIONS"),
    };
    if !options.is_empty() && !options.split(',').all(|option| OPTIONS.contains(&option)) {
        return Some("an option that is not allowed");
    }
    if source == Some(COMPILE_CACHE) {
        let is_fixed =
            options.split(',').any(|option| option == "ro") && !options.split(',').any(|option| option == "rw");
        return if is_fixed {
            destination_doubt(destination)
        } else {
            Some("this place may only be mounted with `ro`")
        };
    }
    source.and_then(source_doubt).or_else(|| destination_doubt(destination))
}

/// The same for `type=TYPE,source=...,destination=...`.
fn mount(text: &str) -> Option<&'static str> {
    if text.contains(['"', '\'', '\\', ' ']) {
        return Some("quotes and spaces are read differently by different versions");
    }
    let (mut kind, mut source, mut destination) = ("", None, "");
    for option in text.split(',') {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, value) {
            ("type", _) if kind.is_empty() => kind = value,
            ("source" | "src", _) if source.is_none() => source = Some(value),
            ("destination" | "dst" | "target", _) if destination.is_empty() => destination = value,
            ("tmpfs-size" | "tmpfs-mode", _)
            | ("ro" | "readonly" | "rw", "" | "true" | "false")
            | ("nosuid" | "nodev" | "noexec", "") => {}
            _ => return Some("an option that is not allowed"),
        }
    }
    match kind {
        "tmpfs" => destination_doubt(destination),
        "bind" | "volume" => source.and_then(source_doubt).or_else(|| destination_doubt(destination)),
        _ => Some("a type of mount that is not allowed"),
    }
}

fn source_doubt(source: &str) -> Option<&'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let is_name = source.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && source.bytes().all(plain);
    if is_name {
        return None;
    }
    let below = STATES.iter().find_map(|state| source.strip_prefix(state));
    let is_state = below
        .is_some_and(|below| below.is_empty() || (below.starts_with('/') && below[1..].split('/').all(is_component)));
    (!is_state).then_some("this is not the gateway's state directory, nor a named volume")
}

fn is_component(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Why nothing may be mounted at a place in the container.
pub(super) fn destination_doubt(destination: &str) -> Option<&'static str> {
    let path = destination.strip_suffix('/').unwrap_or(destination);
    let absolute = path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_component));
    if !absolute {
        return Some("the place in the container is not an absolute path without dots");
    }
    let inside = |own: &str| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let temporary = path == "/dev/shm" || path == "/run";
    (OWN.into_iter().any(inside) && !temporary).then_some("this place is the container's own")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes() {
        for text in [
            "data:/data",
            "a.volume:/data:ro,Z",
            "/data",
            "%h/.openclaw/workspace:/w:rw,nosuid,nodev",
            "/home/openclaw/.openclaw:/s",
            "/var/lib/podclaw/compile-cache:/var/cache/node:ro,nosuid,nodev,noexec",
        ] {
            assert_eq!(volume(text), None, "{text}");
        }
        for text in [
            "/:/host",
            "//:/host",
            "/etc:/e",
            "%h:/h",
            "%h/:/h",
            "%h/.openclaw/../.ssh:/s",
            "%h/.openclawx:/s",
            "%h/.openclaw//x:/s",
            "%t/podman/podman.sock:/s",
            "/run/user/1000/bus:/b",
            "/var/run/docker.sock:/s",
            "/dev/incus:/dev/incus",
            ".:/s",
            "./x:/s",
            "../x:/s",
            "~/x:/s",
            "/home/openclaw:/h",
            "/home/openclaw/.openclaw/./x:/s",
            "/var/lib/podclaw/compile-cache:/c",
            "/var/lib/podclaw/compile-cache:/c:rw",
            "/var/lib/podclaw/compile-cache:/c:ro,rw",
            "/var/lib/podclaw/compile-cache:/etc:ro",
            "/var/lib/podclaw/compile-cache/../x:/c:ro",
            "/var/lib/podclaw:/c:ro",
            "data:/proc",
            "data:/",
            "data:relative",
            "data:/data:z",
            "data:/data:rshared",
            "data:/data:U",
            "data:/data:O",
            "data:/data:exec",
            "data:/data:dev,suid",
            "a:b:c:d",
            "data:/a/../proc",
            "-v:/x",
            "%h/.openclaw/%i:/x",
            "",
        ] {
            assert!(volume(text).is_some(), "{text}");
        }
    }

    #[test]
    fn mounts() {
        for text in [
            "type=tmpfs,destination=/tmp,tmpfs-size=1m",
            "type=bind,src=%h/.openclaw,dst=/s,ro",
            "type=volume,source=a,target=/s",
        ] {
            assert_eq!(mount(text), None, "{text}");
        }
        for text in [
            "type=bind,source=/,destination=/h",
            "type=bind,src=/etc,dst=/e",
            "type=bind,source=a,source=/,dst=/h",
            "type=glob,src=/e*,dst=/e",
            "type=bind,src=%h/.openclaw,dst=/s,bind-propagation=shared",
            "type=image,source=x,dst=/s",
            "type=devpts,dst=/dev/pts",
            "type=volume,type=bind,src=a,dst=/s",
            "\"type=bind\",src=/,dst=/h",
            "src=/,dst=/h",
            "type=bind,src=%h/.openclaw,dst=/s,relabel=shared",
            "type=volume,src=a,dst=/s,volume-opt=device=/",
            "TYPE=bind,src=/,dst=/s",
            "",
        ] {
            assert!(mount(text).is_some(), "{text}");
        }
    }
}
