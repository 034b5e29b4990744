//! What the daemon lets podclaw see.

use super::ServerFacts;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-view",
    severity: Severity::Error,
    summary: "a daemon that does not show everything",
    why: "To whom may not see everything, the daemon answers with shorter lists and no settings, and does not say so. \
          What is not there is then not found.",
    remedy: "audit as root, with the socket `unix.socket` of the daemon, and without scripts that decide who may see what",
    threats: &["daemon-exposure", "documented"],
    waivable: false,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, findings: &mut Vec<Finding>) {
    if facts.method != "unix" {
        let message = format!("it knows podclaw as a client of the kind `{}`, not `unix`", excerpt(&facts.method, 32));
        findings.push(Finding::new(&RULE, "daemon.auth", Origin::named("the daemon"), message));
    }
}
