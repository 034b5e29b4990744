//! Container images at no certain digest.

use super::call::{Call, Found};
use super::text::{PARAMETER, shown};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-unpinned-image",
    severity: Severity::Error,
    summary: "a container image without a digest",
    why: "A tag is whatever was pushed under it last. Only a digest says which image was reviewed, and podman checks it as it pulls.",
    remedy: "name it with its digest: `registry/name@sha256:...`",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\npodman pull ghcr.io/openclaw/openclaw:latest\n",
        good: "#!/bin/bash\nset -euo pipefail\npodman pull ghcr.io/openclaw/openclaw@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
        trial: Trial::Alone,
    }],
};

/// Options of `podman run` and `create` that take the next word.
pub(super) const VALUED: &[&str] = &[
    "-e",
    "--env",
    "--env-file",
    "-v",
    "--volume",
    "--mount",
    "--name",
    "--network",
    "--net",
    "-p",
    "--publish",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--entrypoint",
    "--pull",
    "-m",
    "--memory",
    "--cpus",
    "--pids-limit",
    "-l",
    "--label",
    "--cap-add",
    "--cap-drop",
    "--security-opt",
    "--device",
    "--userns",
    "--pid",
    "--ipc",
    "--uts",
    "--restart",
    "--tmpfs",
    "-h",
    "--hostname",
    "--platform",
    "--arch",
    "--os",
    "--authfile",
    "--creds",
    "--secret",
    "--ulimit",
    "--shm-size",
    "--stop-timeout",
    "--timeout",
    "--log-driver",
    "--log-opt",
    "--cgroupns",
    "--cgroup-parent",
    "--group-add",
    "--add-host",
    "--dns",
    "-a",
    "--attach",
    "--health-cmd",
    "--health-interval",
    "--health-timeout",
    "--health-retries",
    "--uidmap",
    "--gidmap",
    "--sysctl",
    "--volumes-from",
];

pub(super) fn check(call: &Call) -> Option<Found> {
    if !matches!(call.name.as_str(), "podman" | "docker" | "buildah" | "skopeo" | "nerdctl") {
        return None;
    }
    let plain = call.plain(VALUED);
    let (command, rest) = plain.split_first()?;
    let (command, rest) = match rest.split_first() {
        Some((next, rest)) if command.is("image") || command.is("container") => (*next, rest),
        _ => (*command, rest),
    };
    let images: Vec<_> = match command.one()? {
        "pull" | "bud" | "from" => rest.to_vec(),
        "run" | "create" | "copy" => rest.first().copied().into_iter().collect(),
        "load" => {
            // A file there was put there by podclaw, or was compared with its digest.
            let own = |input: &str| {
                input.contains(PARAMETER)
                    || (super::writes::normal(input).starts_with("/var/lib/podclaw/")
                        && !super::writes::is_unsure(input))
            };
            let inputs = call.values_of("--input", Some('i'));
            if inputs.is_empty() {
                return Some(call.found(&RULE, "this takes an image from whatever it reads"));
            }
            let odd = inputs.into_iter().find(|input| !own(input))?;
            return Some(call.found(&RULE, format!("`{}` is an image that nobody compared with a digest", shown(odd))));
        }
        _ => return None,
    };
    images
        .iter()
        .flat_map(|word| &word.values)
        .find(|image| !is_pinned(image))
        .map(|image| call.found(&RULE, format!("`{}` is not named by its digest", shown(image))))
}

/// The name of an image in the user's own store.
fn is_plain(name: &str) -> bool {
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':'))
    };
    name.split('/').all(plain)
}

fn is_pinned(image: &str) -> bool {
    let digest = image.rsplit_once("@sha256:").map_or(image.trim_start_matches("sha256:"), |(_, digest)| digest);
    let own = image.strip_prefix("localhost/").is_some_and(is_plain);
    own || image.contains(PARAMETER) || (digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
}
