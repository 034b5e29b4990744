//! What enforces the ACL.

use super::ServerFacts;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-firewall",
    severity: Severity::Error,
    summary: "a daemon that filters with something else than nftables",
    why: "The lab's ACL is a list of rules that the daemon hands to the kernel. With no driver for that, it is a \
          list that nothing enforces. The older driver, xtables, shares its tables with other software, and was not \
          tried.",
    remedy: "`apt-get install nftables`, remove the rules of iptables, and restart the daemon",
    threats: &["lateral-movement"],
    waivable: false,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, findings: &mut Vec<Finding>) {
    let (severity, message) = match facts.server.firewall.as_str() {
        "nftables" => return,
        "xtables" => {
            (Severity::Warning, "the daemon filters with xtables, with which the lab's ACL was not tried".into())
        }
        "" => (RULE.severity, "the daemon does not say that it filters at all".into()),
        other => {
            (RULE.severity, format!("the daemon filters with `{}`, which podclaw does not know", excerpt(other, 64)))
        }
    };
    let finding = Finding::new(&RULE, "daemon.firewall", Origin::named("the daemon"), message);
    findings.push(Finding { severity, ..finding });
}
