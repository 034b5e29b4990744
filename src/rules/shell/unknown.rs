//! Commands that podclaw does not know.

use super::Setting;
use super::call::{Call, Found};
use super::known::{PODCLAW, is_known};
use super::text;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-unknown-command",
    severity: Severity::Error,
    summary: "a command that podclaw does not know",
    why: "An interpreter of another language, a program from a directory that anybody could have filled, or a tool that runs others can do whatever this linter refuses. So only commands that podclaw knows pass, by name, from the system's directories.",
    remedy: "use a command that podclaw knows, or install the program in a stage that pins it and waive this with the reason",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\npython3 -c 'import os; os.system(\"id\")'\n",
        good: "#!/bin/bash\nset -euo pipefail\nid\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(call: &Call, setting: &Setting) -> Option<Found> {
    if is_known(&call.name) {
        return None;
    }
    let name = text::shown(&call.name);
    if !call.name.contains('/') {
        return Some(call.found(&RULE, format!("podclaw does not know the command `{name}`")));
    }
    let own = PODCLAW.iter().any(|directory| call.name.starts_with(directory)) && !call.name.contains("/..");
    if own || setting.programs.contains(&call.name) {
        return None;
    }
    Some(call.found(&RULE, format!("`{name}` is no program of the system's: what it does cannot be judged")))
}
