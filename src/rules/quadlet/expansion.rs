//! Values that systemd puts together when the service starts.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "quadlet-expansion",
    severity: Severity::Error,
    summary: "a value that is only known when the service starts",
    why: "Podman writes the values into a command line of systemd, which replaces `$NAME` by a variable of the \
          environment, and makes several arguments of it. Nobody can tell beforehand which ones.",
    remedy: "write the value itself; write `$$` for a dollar sign",
    threats: &["judged-is-sent"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/data.network",
        bad: "[Network]\nNetworkName=$NAME\n",
        good: "[Network]\nNetworkName=data\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.in_section(quadlet.kind.section()) {
        if entry.value.contains('$') && entry.value.replace("$$", "").contains('$') {
            found.add(
                &RULE,
                subject(entry),
                entry.bytes.clone(),
                "systemd replaces `$` and what follows it by a variable",
            );
        }
    }
}
