//! Known weaknesses of the daemon.

use super::{Build, ServerFacts};
use crate::host::kernel::Version;
use crate::place::Origin;
use crate::policy::incus_advisories::{Advisories, Advisory, Reach};
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-advisory",
    severity: Severity::Error,
    summary: "a daemon with a weakness that is known",
    why: "The daemon is root, and handles what hostile guests and images contain. A distribution mends weaknesses \
          without a new version, and mostly names them in the changes of its package: where it names one that is not \
          found. Where it does not, that is a warning.",
    remedy: "`apt-get update && apt-get install --only-upgrade incus-base incus-client`, or a newer Incus; then restart \
             the daemon",
    threats: &["outdated-daemon"],
    waivable: true,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, findings: &mut Vec<Finding>) {
    let (Ok(list), Some(version)) = (Advisories::built_in(), Version::parse(&facts.server.version)) else {
        let message = format!("the version of {} can't be compared with what is known", facts.server);
        let finding = Finding::new(&RULE, "daemon.version", Origin::named("the daemon"), message);
        findings.push(Finding { waivable: false, ..finding });
        return;
    };
    let changes = match &facts.build {
        Build::Distribution { changes, .. } => changes.as_str(),
        Build::Upstream | Build::Unseen(_) => "",
    };
    let is_open = |it: &&Advisory| it.is_in(version) && !it.is_named_in(changes);
    let open: Vec<&Advisory> = list.advisories.iter().filter(is_open).collect();
    for (reach, subject, who) in WHO {
        let of_them: Vec<&Advisory> = open.iter().copied().filter(|it| it.reach == reach).collect();
        findings.extend(finding(facts, subject, who, &of_them, &list.as_of));
    }
}

/// Who needs to be hostile: one finding for each. A daemon of some age has dozens of weaknesses, and one of each would hide
/// everything else.
const WHO: [(Reach, &str, &str); 3] = [
    (Reach::Guest, "daemon.weaknesses.guest", "a guest"),
    (Reach::Image, "daemon.weaknesses.image", "who made an image or a backup"),
    (Reach::User, "daemon.weaknesses.user", "who may use the daemon or the host"),
];

fn finding(facts: &ServerFacts, subject: &str, who: &str, open: &[&Advisory], as_of: &str) -> Option<Finding> {
    if open.is_empty() {
        return None;
    }
    let (severity, has) = match &facts.build {
        Build::Upstream => (RULE.severity, "has".to_owned()),
        Build::Distribution { package, .. } => {
            let package = excerpt(package, 64);
            (Severity::Warning, format!("may have, as {package} does not say that they are mended,"))
        }
        Build::Unseen(why) => {
            (Severity::Warning, format!("may have, as it was not seen who built it ({}),", excerpt(why, 100)))
        }
    };
    let count = match open.len() {
        1 => "a weakness".to_owned(),
        many => format!("{many} weaknesses"),
    };
    let message = format!("{} {has} {count} that {who} can use, of those known until {as_of}", facts.server);
    let finding = Finding::new(&RULE, subject, Origin::named("the daemon"), message);
    let named = open.iter().map(|it| (Origin::named(it.id.clone()), it.what.clone()));
    Some(Finding { severity, ..named.fold(finding, |finding, (id, what)| finding.related(id, what)) })
}
