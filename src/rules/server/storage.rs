//! Where the daemon keeps its own.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-storage",
    severity: Severity::Warning,
    summary: "images, backups or logs of the daemon in the lab's pool",
    why: "The pool is the lab's alone, so that guests that fill it hurt nobody else, and a wipe of it cleans \
          everything and nothing more.",
    remedy: "set the key to a volume in another pool, or unset it",
    threats: &["dedicated-pool"],
    waivable: true,
    examples: &[],
};
