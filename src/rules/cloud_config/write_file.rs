//! Files that user-data writes.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "cloud-init-write-file",
    severity: Severity::Error,
    summary: "a file that cannot be judged, or is open to others",
    why: "What is written has to be readable here: not compressed, not fetched, not added to something else. Root owns it, and nobody else can write it, or the gateway could change what root runs.",
    remedy: "write plain text with `owner: root:root` and a mode such as `0644`",
    threats: &["remote-code", "persistence"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.yaml",
        bad: "#cloud-config\nwrite_files:\n  - path: /etc/podclaw/a\n    encoding: gz+b64\n    content: H4sIAAAAAAAAA\n",
        good: "#cloud-config\nwrite_files:\n  - path: /etc/podclaw/a\n    owner: root:root\n    permissions: \"0644\"\n    content: a\n",
        trial: Trial::Alone,
    }],
};
