//! The capabilities of a container.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;
use crate::unit_file;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-capabilities",
    severity: Severity::Error,
    summary: "a container that has capabilities",
    why: "Podman leaves a container eleven capabilities unless it is told to drop them. The gateway needs none, and each \
          is a part of the kernel that code in the container can reach.",
    remedy: "write `DropCapability=all`, and no `AddCapability=`",
    threats: &["kernel-surface", "privileged"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("AddCapability=NET_ADMIN"),
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("AddCapability").filter(|entry| !entry.value.is_empty()) {
        let message = format!("the container gets {}", excerpt(&entry.value, 80));
        found.add(&RULE, subject(entry), entry.bytes.clone(), message);
    }
    let dropped = |value: &str| {
        unit_file::words(value).is_some_and(|words| words.iter().any(|word| word.eq_ignore_ascii_case("all")))
    };
    if quadlet.is_whole_container() && !quadlet.counting("DropCapability").iter().any(|entry| dropped(&entry.value)) {
        found.add(&RULE, quadlet.subject("DropCapability"), quadlet.heading(), "`DropCapability=all` is missing");
    }
    if quadlet.drop_in
        && let Some(entry) = quadlet.all("DropCapability").find(|entry| entry.value.is_empty())
    {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "an empty value takes back what was dropped before");
    }
}
