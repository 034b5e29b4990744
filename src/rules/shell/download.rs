//! Downloads that nobody checks.

use super::call::{Call, Found};
use super::fetch_and_run::{is_fetch, is_fetcher};
use super::text::is_open;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-download",
    severity: Severity::Error,
    summary: "a download whose content nobody checks",
    why: "Two guests that start on different days get different files, and nobody sees it. A digest that stands in the file under review says what is meant.",
    remedy: "compare it with a digest in the same script (`sha256sum --check --strict`), or take a pinned package",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\ncurl -fsSL -o /var/lib/podclaw/model.bin https://example.org/model.bin\n",
        good: "#!/bin/bash\nset -euo pipefail\ncurl -fsSL -o /var/lib/podclaw/model.bin https://example.org/model.bin\necho \"0000000000000000000000000000000000000000000000000000000000000000  /var/lib/podclaw/model.bin\" | sha256sum --check --strict\n",
        trial: Trial::Alone,
    }],
};

/// Says it of every download of a script that compares nothing with a digest.
pub(super) fn check(calls: &[Call]) -> Vec<Found> {
    let compares = calls.iter().any(|call| {
        matches!(call.name.as_str(), "sha256sum" | "sha384sum" | "sha512sum" | "b2sum")
            && (call.short('c', "") || call.long("--check"))
    });
    let mut found = Vec::new();
    for call in calls.iter().filter(|call| is_fetcher(call)) {
        if is_fetch(call) && !compares {
            found.push(call.found(&RULE, format!("nothing says what `{}` has to bring", call.name)));
        }
        for file in call.values_of("--config", Some('K')) {
            if is_open(file) || !file.starts_with('-') {
                found.push(call.found(&RULE, "`curl` takes its options from a file here: cannot tell what it does"));
            }
        }
        if call.is_open() {
            found.push(call.found(&RULE, format!("cannot tell what `{}` gets, and where it puts it", call.name)));
        }
    }
    found
}
