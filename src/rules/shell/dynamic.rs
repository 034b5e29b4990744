//! Commands that cannot be told before they run.

use super::call::Found;
use super::text;
use super::walk::Context;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-dynamic",
    severity: Severity::Error,
    summary: "a command that cannot be told before it runs",
    why: "A command whose name comes from a variable, a file or another command can be any command. No check of what a script does holds if it may do something else when it runs.",
    remedy: "write the command out; pass only arguments in variables",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\ntool=$(cat /etc/podclaw/tool)\n\"$tool\" --version\n",
        good: "#!/bin/bash\nset -euo pipefail\npodman --version\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn found(context: &Context<'_>, name: &str, message: impl Into<String>) -> Found {
    Found { rule: &RULE, subject: text::shown(name), bytes: context.bytes.clone(), message: message.into() }
}
