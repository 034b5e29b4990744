//! What stays behind.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "kept-state",
    severity: Severity::Error,
    summary: "snapshots, migration or protection that keep a guest's state",
    why: "A lab that went wrong is stopped, deleted and built again. Snapshots keep an attacker's state and fill \
          the pool, a guest that moves takes it to another machine, and a protected guest cannot be deleted. The \
          pattern of a snapshot's name is a template that the daemon fills in as root.",
    remedy: "leave it out",
    threats: &["persistence", "cleanup"],
    waivable: true,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  snapshots.schedule: \"@hourly\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
