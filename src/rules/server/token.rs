//! Tokens that wait.

use super::{ServerFacts, trust};
use crate::incus::Grant;
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-token",
    severity: Severity::Error,
    summary: "a token that waits for whoever has it",
    why: "A token is a password that works once and, unless `core.remote_token_expiry` is set, for ever. It was \
          shown on a screen and sent somewhere.",
    remedy: "take it back: `incus config trust list-tokens`, `incus config trust revoke-token NAME`; for others `incus \
             operation delete ID`",
    threats: &["daemon-exposure"],
    waivable: false,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    for token in &facts.tokens {
        let id = excerpt(&token.operation, 36);
        let (severity, message) = match &token.grants {
            Grant::Trust(certificate) => {
                let (severity, rights) = trust::rights(certificate, facts, lab);
                (severity, format!("whoever uses the token of `{}` {rights}", excerpt(&certificate.name, 64)))
            }
            Grant::Member(name) => {
                (RULE.severity, format!("whoever uses it is `{}`, a machine of a cluster", excerpt(name, 64)))
            }
            Grant::Other => (RULE.severity, "whoever uses it gets something that podclaw does not know".into()),
        };
        let finding = Finding::new(&RULE, format!("tokens.{id}"), Origin::named(format!("operation {id}")), message);
        findings.push(Finding { severity, ..finding });
    }
}
