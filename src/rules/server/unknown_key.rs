//! What nobody has judged.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-unknown-key",
    severity: Severity::Error,
    summary: "a setting of the daemon that the policy does not know",
    why: "What the policy does not name is found. It may be a key of a newer Incus that opens a way in, and that \
          nobody has judged yet.",
    remedy: "unset the key, or use a podclaw that knows it",
    threats: &["daemon-exposure", "documented"],
    waivable: false,
    examples: &[],
};
