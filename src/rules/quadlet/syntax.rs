//! Lines that Podman's versions read differently, and names that nothing fills in.

use std::sync::LazyLock;

use regex::Regex;

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "quadlet-syntax",
    severity: Severity::Error,
    summary: "a unit file that versions of Podman could read differently",
    why: "Podman's reader of unit files has changed: where a value goes on in the next line, what counts as a space, \
          whether a comment may stand in between. A file can show a reviewer one thing, and be another to the Podman of \
          the guest.",
    remedy: "write each assignment as KEY=VALUE in one line, without spaces before it",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "quadlets/data.volume",
        bad: "[Volume]\nVolumeName=da\\\nta\n",
        good: "[Volume]\nVolumeName=data\n",
        trial: Trial::Alone,
    }],
};

static HOLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("@[A-Z_]+@").ok());

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for fault in &quadlet.unit.faults {
        found.add(&RULE, "file", fault.bytes.clone(), fault.message);
    }
    for entry in &quadlet.unit.entries {
        if entry.value.contains('@') && HOLE.as_ref().is_none_or(|hole| hole.is_match(&entry.value)) {
            found.add_with(
                &RULE,
                subject(entry),
                entry.bytes.clone(),
                "a name between @ signs that no stage fills in",
                "write the value itself",
            );
        }
    }
    if quadlet.unit.sections.iter().all(|section| &*section.name != quadlet.kind.section()) && !quadlet.drop_in {
        found.add(&RULE, "file", 0..0, format!("there is no section [{}]", quadlet.kind.section()));
    }
}
