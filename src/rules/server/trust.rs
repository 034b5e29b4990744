//! Certificates that the daemon trusts.

use super::{ServerFacts, cluster, confined, metrics};
use crate::incus::Certificate;
use crate::names::LabName;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-trust",
    severity: Severity::Error,
    summary: "a certificate that lets somebody use the daemon over the network",
    why: "Without a restriction it is root on this machine. With one, it may change all that is in its projects: in \
          the lab's, the guests; in `default`, the bridge and the ACL that contain them; in another one, guests that \
          get to the host or onto the lab's bridge, unless that project is restricted, too. It lies on another \
          machine, and whoever takes it from there has the same rights.",
    remedy: "remove it: `incus config trust list`, `incus config trust remove FINGERPRINT`; or restrict its project, and its \
             networks: `incus project set NAME restricted=true restricted.networks.access=OTHER`",
    threats: &["daemon-exposure"],
    waivable: false,
    examples: &[],
};

/// What bridges and their ACLs are in.
const DEFAULT: &str = "default";

pub(super) fn findings(facts: &ServerFacts, lab: &LabName, findings: &mut Vec<Finding>) {
    for certificate in &facts.certificates {
        let id = excerpt(certificate.fingerprint.get(..12).unwrap_or(&certificate.fingerprint), 12);
        let (rule, severity, rights) = match certificate.kind.as_str() {
            "metrics" => (&metrics::RULE, metrics::RULE.severity, "may read what all guests do".to_owned()),
            "server" => (&cluster::RULE, cluster::RULE.severity, "is another machine of a cluster".to_owned()),
            "client" => {
                let (severity, rights) = rights(certificate, facts, lab);
                (&RULE, severity, rights)
            }
            _ => (&RULE, RULE.severity, "is of a kind that podclaw does not know".to_owned()),
        };
        let origin = Origin::named(format!("certificate {id}"));
        let message = format!("whoever has `{}` {rights}", excerpt(&certificate.name, 64));
        let finding = Finding::new(rule, format!("certificates.{id}"), origin, message);
        findings.push(Finding { severity, ..finding });
    }
}

/// What a client with a certificate may do, and how much that matters.
pub(super) fn rights(certificate: &Certificate, facts: &ServerFacts, lab: &LabName) -> (Severity, String) {
    let projects = || facts.projects.iter().filter(|project| certificate.projects.contains(&project.name));
    let has = |project: &str| certificate.projects.iter().any(|name| name == project);
    if !certificate.restricted {
        (Severity::Error, "is root on this machine".into())
    } else if has(&lab.project()) {
        (Severity::Error, "may change everything in the lab's project".into())
    } else if has(DEFAULT) {
        (Severity::Error, "may change the lab's bridge and ACL, which are in the project `default`".into())
    } else if certificate.projects.is_empty() {
        (Severity::Note, "may use no project".into())
    } else if let Some(way) = projects().find_map(|project| confined::way_out(project, lab)) {
        (Severity::Error, way)
    } else {
        (Severity::Note, format!("may use the projects {}", excerpt(&certificate.projects.join(", "), 128)))
    }
}
