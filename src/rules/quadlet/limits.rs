//! Limits of a container within its guest.

use super::file::{Quadlet, subject};
use super::podman_args;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "quadlet-limits",
    severity: Severity::Warning,
    summary: "a container without limits of memory and processes",
    why: "The guest has its own limits. But a gateway that takes all of them also stops what watches it there.",
    remedy: "write `PidsLimit=` and `Memory=`, or `PodmanArgs=--memory=` for Podman before 5.5",
    threats: &["limits"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: "[Container]\nImage=localhost/app\nPull=never\nDropCapability=all\nNoNewPrivileges=true\nReadOnly=true\nPidsLimit=-1\n",
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

/// More processes than this limit nothing: it is what the kernel has by default.
const MOST_PIDS: u32 = 32_768;

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    let limited = |text: &str| text.parse::<u32>().is_ok_and(|count| (1..=MOST_PIDS).contains(&count));
    for entry in quadlet.all("PidsLimit").filter(|entry| !limited(entry.plain())) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "this does not limit the number of processes");
    }
    for entry in quadlet.all("Ulimit") {
        if entry.plain() == "host" || entry.value.contains("-1") || entry.value.contains("unlimited") {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "this takes a limit from the container");
        }
    }
    for entry in quadlet.all("CgroupsMode").filter(|entry| !matches!(entry.plain(), "" | "enabled" | "split")) {
        found.add(
            &RULE,
            subject(entry),
            entry.bytes.clone(),
            "without a cgroup of its own the container has no limits",
        );
    }
    for entry in quadlet.all("Memory").filter(|entry| !is_size(entry.plain())) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "this does not limit the memory");
    }
    if quadlet.drop_in {
        if let Some(entry) = quadlet.all("PodmanArgs").find(|entry| entry.value.is_empty()) {
            found.add(
                &RULE,
                subject(entry),
                entry.bytes.clone(),
                "an empty value takes back the arguments given before",
            );
        }
        return;
    }
    if !quadlet.is_whole_container() {
        return;
    }
    let by_argument = |flag| quadlet.counting("PodmanArgs").iter().any(|entry| podman_args::has(&entry.value, flag));
    if quadlet.all("PidsLimit").next().is_none() && !by_argument("--pids-limit") {
        found.add(&RULE, quadlet.subject("PidsLimit"), quadlet.heading(), "`PidsLimit=` is missing");
    }
    let by_systemd = quadlet.in_section("Service").any(|entry| entry.key == "MemoryMax" && is_size(&entry.value));
    if quadlet.all("Memory").next().is_none() && !by_argument("--memory") && !by_systemd {
        let message = "nothing limits the container's memory";
        found.add(&RULE, quadlet.subject("Memory"), quadlet.heading(), message);
    }
}

/// A size with a unit of Podman or systemd that is not 0. What is not a plain number, such as `infinity`, is none.
pub(super) fn is_size(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse::<u64>();
    let unit = text[digits..].to_ascii_lowercase();
    let known = matches!(unit.as_str(), "" | "b" | "k" | "kb" | "kib" | "m" | "mb" | "mib" | "g" | "gb" | "gib");
    known && number.is_ok_and(|number| number > 0)
}
