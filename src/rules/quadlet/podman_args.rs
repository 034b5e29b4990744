//! Arguments that are handed to Podman as they are.

use super::file::{Quadlet, Type, subject};
use super::limits::is_size;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;
use crate::unit_file;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-podman-args",
    severity: Severity::Error,
    summary: "arguments for Podman that podclaw does not know, or another configuration of it",
    why: "Whatever `PodmanArgs=` and `GlobalArgs=` say stands in Podman's command line beside what the other keys say: \
          `--privileged`, `--volume=/:/host` or another image. A module of containers.conf can do the same.",
    remedy: "use the keys of Quadlet; as arguments only limits, dropped capabilities and read-only places are allowed",
    threats: &["privileged", "host-path", "judged-is-sent"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("PodmanArgs=--privileged"),
        good: super::example!("PodmanArgs=--stop-timeout=90"),
        trial: Trial::Alone,
    }],
};

/// What an argument may be.
enum Flag {
    /// It has a value, which must be fine.
    Value(fn(&str) -> bool),
    /// It is on or off, and must be on if it is there.
    On,
    /// It is on or off.
    Switch,
}

fn flag(name: &str) -> Option<Flag> {
    Some(match name {
        "--memory" | "--memory-reservation" | "--memory-swap" | "--shm-size" => Flag::Value(is_size),
        "--cpus" => Flag::Value(|value| value.parse::<f64>().is_ok_and(|cpus| cpus > 0.0 && cpus.is_finite())),
        "--pids-limit" => Flag::Value(|value| value.parse::<u32>().is_ok_and(|count| (1..=32_768).contains(&count))),
        "--stop-timeout" | "--cpu-shares" | "--oom-score-adj" => Flag::Value(|value| value.parse::<u32>().is_ok()),
        "--cgroups" => Flag::Value(|value| matches!(value, "enabled" | "split")),
        "--cap-drop" => Flag::Value(|_| true),
        "--security-opt" => Flag::Value(|value| {
            matches!(value, "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true")
        }),
        "--log-driver" => Flag::Value(|value| matches!(value, "journald" | "none")),
        "--pull" => Flag::Value(|value| matches!(value, "never" | "missing")),
        "--tz" | "--stop-signal" => {
            Flag::Value(|value| value.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b)))
        }
        "--read-only" => Flag::On,
        "--init" | "--read-only-tmpfs" | "--no-healthcheck" => Flag::Switch,
        _ => return None,
    })
}

/// Whether an argument, with two dashes, is one of those that are judged here.
pub(in crate::rules) fn is_known(name: &str) -> bool {
    flag(long(name)).is_some()
}

/// Whether it may have this value.
pub(in crate::rules) fn is_allowed(name: &str, value: &str) -> bool {
    match flag(long(name)) {
        None => false,
        Some(Flag::Value(is_fine)) => is_fine(value),
        Some(Flag::On) => matches!(value, "true" | "1"),
        Some(Flag::Switch) => matches!(value, "true" | "false" | "1" | "0"),
    }
}

fn long(name: &str) -> &str {
    if name == "-m" { "--memory" } else { name }
}

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("PodmanArgs").filter(|entry| !entry.value.is_empty()) {
        let mut say = |message: String| found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        match unit_file::words(&entry.value) {
            None => say("the words of this cannot be told apart".into()),
            Some(_) if quadlet.kind != Type::Container => say("arguments are only known for containers".into()),
            Some(words) => {
                arguments(&words, |refused| say(format!("the argument {} is not allowed", excerpt(refused, 80))));
            }
        }
    }
    for key in ["GlobalArgs", "ContainersConfModule"] {
        for entry in quadlet.all(key).filter(|entry| !entry.value.is_empty()) {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "Podman obeys another configuration");
        }
    }
}

/// Whether arguments hold an allowed one with this name and a value.
pub(super) fn has(value: &str, wanted: &str) -> bool {
    let mut found = false;
    let words = unit_file::words(value).unwrap_or_default();
    each(&words, |name, allowed| found |= allowed && name.split('=').next() == Some(wanted));
    found
}

fn arguments(words: &[String], mut refuse: impl FnMut(&str)) {
    each(words, |word, allowed| {
        if !allowed {
            refuse(word);
        }
    });
}

/// Calls `each` with every argument, and whether it is allowed.
fn each(words: &[String], mut each: impl FnMut(&str, bool)) {
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        // The only short one: `-m512m`, `-m=512m` and `-m 512m` are the same to Podman.
        let long = word.strip_prefix("-m").filter(|_| !word.starts_with("--")).map(|rest| match rest {
            "" => "--memory".to_owned(),
            rest => format!("--memory={}", rest.strip_prefix('=').unwrap_or(rest)),
        });
        let word = long.as_deref().unwrap_or(word);
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let allowed = match flag(name) {
            None => false,
            Some(Flag::Value(is_fine)) => value.or_else(|| words.next()).is_some_and(is_fine),
            Some(Flag::On) => matches!(value, None | Some("true" | "1")),
            Some(Flag::Switch) => matches!(value, None | Some("true" | "false" | "1" | "0")),
        };
        each(word, allowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(value: &str) -> Vec<String> {
        let mut refused = Vec::new();
        arguments(&unit_file::words(value).unwrap(), |word| refused.push(word.to_owned()));
        refused
    }

    #[test]
    fn only_what_is_known_passes() {
        for value in ["--memory=2g --init", "--memory 2g", "-m2g", "-m=2g", "-m 2g --read-only", "--cap-drop all", ""] {
            assert_eq!(refused(value), [""; 0], "{value}");
        }
        for value in [
            "--privileged",
            "--privileged=true",
            "--memory",
            "--memory=0",
            "--memory=-1",
            "-v/:/h",
            "-v /:/h",
            "-itv/:/h",
            "--read-only=false",
            "--",
            "image",
            "--memory 2g image",
            "--cgroups=disabled",
            "--security-opt seccomp=unconfined",
            "--memory 2g --net=host",
            "-m",
            "--pids-limit=-1",
            "--priv",
            "-p 80:80",
            "--MEMORY=1g",
            "--log-driver=passthrough",
            "--memory=2g=",
            "--init=maybe",
            "--cpus=inf",
            "--cpus=nan",
        ] {
            assert_ne!(refused(value), [""; 0], "{value}");
        }
    }
}
