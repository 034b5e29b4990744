//! Scripts that go on after an error.

use super::call::{Call, Found};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-strict",
    severity: Severity::Warning,
    summary: "a script that goes on after an error",
    why: "A step that fails, such as a profile that does not load, leaves the guest half set up; the next steps then run in a guest that is not contained as it has to be.",
    remedy: "start with `set -euo pipefail`",
    threats: &["stage-order"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\napparmor_parser -r /etc/apparmor.d/podclaw-podman\n",
        good: "#!/bin/bash\nset -euo pipefail\necho done\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(calls: &[Call], library: bool) -> Option<Found> {
    let stops = calls.iter().any(|call| {
        call.name == "set"
            && (call.short('e', "o")
                || call
                    .args
                    .windows(2)
                    .any(|two| two[0].any(|o| o.ends_with('o') && o.starts_with('-')) && two[1].is("errexit")))
    });
    let undoes = calls.iter().find(|call| {
        call.name == "set"
            && (call.args.iter().any(|word| word.any(|value| value.starts_with('+') && value.contains('e')))
                || (call.has("+o") && call.has("errexit")))
            || (call.name == "shopt" && call.has("errexit") && call.short('u', ""))
    });
    if let Some(call) = undoes {
        return Some(call.found(&RULE, "from here on the script goes on after an error"));
    }
    (!stops && !library).then(|| Found {
        rule: &RULE,
        subject: "set".into(),
        bytes: 0..0,
        message: "nothing stops this script at the first error".into(),
    })
}
