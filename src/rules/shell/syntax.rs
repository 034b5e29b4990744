//! Shell that cannot be read.

use std::ops::Range;

use super::call::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-syntax",
    severity: Severity::Error,
    summary: "shell that podclaw cannot read",
    why: "What cannot be read cannot be judged, and a shell may well make something of it: it runs the lines before a mistake. Control characters can hide from a reader what a shell sees.",
    remedy: "write it so that `bash -n` accepts it, without control characters, and less nested",
    threats: &["remote-code"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nif true; then\n    echo yes\n",
        good: "#!/bin/bash\nset -euo pipefail\nif true; then\n    echo yes\nfi\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn found(bytes: Range<usize>, message: impl Into<String>) -> Found {
    Found { rule: &RULE, subject: "syntax".into(), bytes, message: message.into() }
}
