//! What answers.

use super::ServerFacts;
use crate::incus::ServerKind;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-kind",
    severity: Severity::Error,
    summary: "a daemon that is not Incus",
    why: "LXD reads some keys otherwise, has others, and lacks the filters that the lab is made of. What podclaw \
          judged would not be what it does.",
    remedy: "install Incus, and name its socket with `--socket`",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, findings: &mut Vec<Finding>) {
    if facts.server.kind != ServerKind::Incus {
        let message = format!("what answers is {}", facts.server);
        findings.push(Finding::new(&RULE, "daemon", Origin::named("the daemon"), message));
    }
}
