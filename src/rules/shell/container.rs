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
healthcheck unshare container prune restart run create --version --help secret save start";
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
        let known = super::known::in_list(FORMS, form) || (command == "healthcheck" && form == "run");
        if command == "secret" && call.long("--showsecret") {
            return Some(call.found(&RULE, "this prints a secret"));
        }
        return (!known)
            .then(|| call.found(&RULE, format!("podclaw does not allow `podman {command} {}`", shown(form))));
    }
    match command {
        "run" | "create" => options(call),
        // In the user's namespace it has each of the user's ids, and root's rights over what they own.
        "unshare" => {
            let harmless = call.args.get(1).is_some_and(|word| ["true", "id"].iter().any(|name| word.is(name)));
            (!harmless || call.args.len() != 2)
                .then(|| call.found(&RULE, "this runs a command with all ids of the user's containers"))
        }
        "pull" => call.long("--all-tags").then(|| call.found(&RULE, "this pulls every tag of an image")),
        "start" => (call.args.iter().skip(1).any(|word| word.any(|value| value.starts_with('-'))))
            .then(|| call.found(&RULE, "podclaw does not know what these options of `podman start` do")),
        _ => None,
    }
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
                let values = words.next().map(|word| word.values.as_slice()).unwrap_or_default();
                if let Some(why) = values.iter().find_map(|value| bad(name, value)) {
                    return Some(call.found(&RULE, why));
                }
            } else if let Some(why) = given.take().and_then(|given| bad(name, &given)) {
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
        "--userns" => (!quadlet::is_user_namespace(value))
            .then(|| format!("the user namespace `{shown}` is not the container's own")),
        "-p" | "--publish" => (!(value.starts_with("127.0.0.1:") || value.starts_with("[::1]:")))
            .then(|| format!("the port `{shown}` is open to the network")),
        "--user" | "-u" => (quadlet::is_root(value) || is_open(value)).then(|| "the container may run as root".into()),
        "--tmpfs" => value
            .split([':', ','])
            .any(|option| matches!(option, "exec" | "suid" | "dev"))
            .then(|| format!("what is written to `{shown}` can be run")),
        "-l" | "--label" => {
            value.starts_with("io.containers").then(|| "the label changes what Podman does with the container".into())
        }
        "-e" | "--env" => {
            let name = value.split('=').next().unwrap_or_default();
            (quadlet::is_token(name) || is_open(name)).then(|| "the gateway's token is an argument here".into())
        }
        "--ulimit" => (value == "host" || value.contains("-1") || value.contains("unlimited"))
            .then(|| format!("`{shown}` takes a limit from the container")),
        _ if quadlet::is_argument(name) => (!quadlet::is_allowed_argument(name, value) && !value.contains(PARAMETER))
            .then(|| format!("podclaw does not allow `{name} {shown}`")),
        "-v" | "--volume" => volume(value),
        "--rm" => (value == "false").then(|| format!("`{name}` is off")),
        _ => None,
    }
}

/// The same that a Quadlet may mount.
fn volume(value: &str) -> Option<String> {
    quadlet::volume_doubt(value).map(|why| format!("the container gets `{}`: {why}", shown(value)))
}
