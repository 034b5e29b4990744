//! Files that are read as shell.

use super::call::{Call, Found};
use super::known::PODCLAW;
use super::text::{FETCHED, is_open};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-source",
    severity: Severity::Error,
    summary: "a file that is read as shell, and is not judged here",
    why: "`source` runs another file in the same shell. What that file defines replaces functions and variables of this one, so that nothing that was judged need be true.",
    remedy: "read only `/usr/local/lib/podclaw/lib.sh` and `/etc/os-release`",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nsource /opt/openclaw/env.sh\n",
        good: "#!/bin/bash\nset -euo pipefail\nsource /etc/os-release\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(call: &Call) -> Vec<Found> {
    let Some(file) = call.args.first() else { return Vec::new() };
    let mut found = Vec::new();
    for value in &file.values {
        if value.contains(FETCHED) {
            found.push(call.found(&super::fetch_and_run::RULE, "this runs what came from the network"));
            continue;
        }
        let own =
            PODCLAW.iter().any(|directory| value.starts_with(directory)) && !value.contains("..") && !is_open(value);
        let release = matches!(value.as_str(), "/etc/os-release" | "/usr/lib/os-release" | "/etc/lsb-release");
        if !own && !release {
            found.push(call.found(&RULE, format!("this runs `{}`, which is not judged", super::text::shown(value))));
        }
    }
    found
}
