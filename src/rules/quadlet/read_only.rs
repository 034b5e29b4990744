//! What a container can write to, and execute from.

use super::file::{Quadlet, subject};
use super::{limits, mount};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "quadlet-read-only",
    severity: Severity::Warning,
    summary: "a container that can change its own programs, or run what it wrote to a temporary place",
    why: "Code that got in leaves its tools in the container's root or in /tmp. Where the one is read-only and the \
          other not executable, it is left with the state directory, which the gateway needs.",
    remedy: "write `ReadOnly=true`, and temporary places with noexec, nosuid and nodev",
    threats: &["persistence"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("Tmpfs=/tmp:rw,exec"),
        good: super::example!("Tmpfs=/tmp:rw,noexec,nosuid,nodev,size=64m"),
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("ReadOnly").filter(|entry| entry.as_bool() != Some(true)) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "the container's root can be written to");
    }
    if quadlet.is_whole_container() && quadlet.all("ReadOnly").next().is_none() {
        found.add(&RULE, quadlet.subject("ReadOnly"), quadlet.heading(), "`ReadOnly=true` is missing");
    }
    for entry in quadlet.all("Tmpfs") {
        let options = entry.plain().split_once(':').map_or("", |(_, options)| options);
        let known = |option: &str| {
            matches!(option, "" | "rw" | "ro" | "noexec" | "nosuid" | "nodev" | "notmpcopyup")
                || option.strip_prefix("size=").is_some_and(limits::is_size)
                || matches!(option, "mode=1777" | "mode=0700" | "mode=700" | "mode=0755" | "mode=755")
        };
        if !options.split(',').all(known) {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "what is written to this temporary place may be run");
        }
        let place = entry.plain().split(':').next().unwrap_or_default();
        if !entry.value.is_empty()
            && let Some(why) = mount::destination_doubt(place)
        {
            found.add(&RULE, subject(entry), entry.bytes.clone(), why);
        }
    }
}
