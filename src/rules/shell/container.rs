//! What Podman is asked for.

use super::call::{Call, Found};
use super::text::{PARAMETER, is_open, shown};
use crate::rules::{Example, Rule, Severity, Trial, quadlet};

pub(super) static RULE: Rule = Rule {
    id: "shell-container",
    severity: Severity::Error,
    summary: "a container that is less contained than a Quadlet may be",
    why: "The container is the innermost wall around the gateway. A privileged container, the host's network, a socket or a capability takes it down, and a port without an address is open to the whole network.",
    remedy: "run the gateway from the Quadlet of stage 6; take from Podman only what it lists",
    threats: &["host-path", "kernel-surface", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\npodman run --privileged ghcr.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
        good: "#!/bin/bash\nset -euo pipefail\npodman run --rm --network none ghcr.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
        trial: Trial::Alone,
    }],
};

/// What reads, or changes only the user's own store.
const COMMANDS: &str = "image inspect load tag untag pull ps images logs version info rm rmi stop kill wait top stats port history exists diff
healthcheck unshare container prune start restart run create --version --help secret save";
const FORMS: &str = "inspect ls list exists rm tag untag prune load pull history tree ps logs stop start top stats";
/// Options of `podman run` that do not weaken the container. Those with a value are looked at below.
const FLAGS: &str = "--rm -d --detach -i --interactive -t --tty -it -ti --init --read-only --replace -q --quiet --no-healthcheck --no-hosts
-e --env --name -u --user -w --workdir --entrypoint --pull -m --memory --cpus --pids-limit -l --label --cap-drop --restart --tmpfs -h
--hostname --platform --ulimit --shm-size --stop-timeout --timeout --health-cmd --health-interval --health-timeout --health-retries
--userns --network --net --security-opt -p --publish --read-only-tmpfs --secret --cgroups -v --volume --memory-swap --log-driver";

pub(super) fn check(call: &Call) -> Option<Found> {
    match call.name.as_str() {
        "docker" | "nerdctl" | "buildah" | "skopeo" | "incus" | "lxc" | "lxd" | "ctr" | "crictl" | "docker-compose"
        | "podman-compose" | "kubectl" | "runc" => {
            return Some(
                call.found(
                    &RULE,
                    format!("podclaw runs containers with rootless Podman only, not with `{}`", call.name),
                ),
            );
        }
        "podman" => {}
        _ => return None,
    }
    let first = call.args.first()?;
    let Some(command) = first.one().filter(|word| super::known::in_list(COMMANDS, word)) else {
        return (!first.any(|value| value.contains(PARAMETER)))
            .then(|| call.found(&RULE, format!("podclaw does not allow `podman {}`", first.shown())));
    };
    if matches!(command, "image" | "container" | "secret" | "healthcheck") {
        let form = call.args.get(1).and_then(|word| word.one()).unwrap_or_default();
        let known = super::known::in_list(FORMS, form)
            || (command == "healthcheck" && form == "run")
            || (command == "secret" && form == "create");
        return (!known)
            .then(|| call.found(&RULE, format!("podclaw does not allow `podman {command} {}`", shown(form))));
    }
    if !matches!(command, "run" | "create") {
        return None;
    }
    options(call)
}

fn options(call: &Call) -> Option<Found> {
    let mut words = call.args.iter().skip(1);
    while let Some(word) = words.next() {
        for value in &word.values {
            if !value.starts_with('-') {
                return is_open(value).then(|| call.found(&RULE, "cannot tell which options the container gets"));
            }
            let (name, mut given) =
                value.split_once('=').map_or((value.as_str(), None), |(name, given)| (name, Some(given.to_owned())));
            if !super::known::in_list(FLAGS, name) {
                return Some(call.found(&RULE, format!("podclaw does not allow `podman run {}`", shown(name))));
            }
            if given.is_none() && super::image::VALUED.contains(&name) {
                given = words.next().map(|word| word.values.join("\n"));
            }
            if let Some(why) = given.and_then(|given| bad(name, &given)) {
                return Some(call.found(&RULE, why));
            }
        }
    }
    None
}

/// What is wrong with an option's value.
fn bad(name: &str, value: &str) -> Option<String> {
    let shown = shown(value);
    match name {
        "--network" | "--net" => (!matches!(value, "none" | "private" | "pasta" | "slirp4netns"))
            .then(|| format!("the network `{shown}` is not the container's own")),
        "--userns" => (!matches!(value, "auto" | "nomap") && !value.starts_with("keep-id"))
            .then(|| format!("the user namespace `{shown}` is not the container's own")),
        "--security-opt" => {
            (!matches!(value, "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true"))
                .then(|| format!("`{shown}` takes a protection from the container"))
        }
        "-p" | "--publish" => (!(value.starts_with("127.0.0.1:") || value.starts_with("[::1]:")))
            .then(|| format!("the port `{shown}` is open to the network")),
        "--user" | "-u" => {
            matches!(value.split(':').next(), Some("0" | "root")).then(|| "the container runs as root".into())
        }
        "-v" | "--volume" => volume(value),
        "--pull" => {
            (!matches!(value, "never" | "missing")).then(|| "this takes another image as soon as there is one".into())
        }
        "--read-only" | "--init" | "--rm" => (value == "false").then(|| format!("`{name}` is off")),
        _ => None,
    }
}

/// The same that a Quadlet may mount.
fn volume(value: &str) -> Option<String> {
    quadlet::volume_doubt(value).map(|why| format!("the container gets `{}`: {why}", shown(value)))
}
