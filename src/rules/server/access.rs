//! Who may use the socket.

use super::ServerFacts;
use crate::place::Origin;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "server-access",
    severity: Severity::Warning,
    summary: "users of this machine, besides root, who may use the daemon",
    why: "Whoever may use the daemon's socket is root on the host, whatever the lab's project refuses: another \
          project is one command away.",
    remedy: "`gpasswd --delete USER incus-admin`, and let them log in anew",
    threats: &["daemon-exposure"],
    waivable: true,
    examples: &[],
};

pub(super) fn findings(facts: &ServerFacts, findings: &mut Vec<Finding>) {
    let mut found = |severity, subject: String, message: String| {
        let finding = Finding::new(&RULE, subject, Origin::named("the daemon's socket"), message);
        // Who is in a group is somebody's decision. That just anybody may is nobody's.
        findings.push(Finding { severity, waivable: severity == RULE.severity, ..finding });
    };
    let access = match &facts.access {
        Ok(access) => access,
        Err(why) => {
            let message = format!("who may use it could not be seen: {}", excerpt(why, 200));
            return found(Severity::Error, "socket".into(), message);
        }
    };
    if access.everybody {
        found(Severity::Error, "socket.mode".into(), "everybody may use it".into());
    }
    if access.owner != 0 {
        found(Severity::Error, "socket.owner".into(), format!("it belongs to the user {}", access.owner));
    }
    let group = access.group.as_deref().unwrap_or_default();
    for member in &access.members {
        let (member, group) = (excerpt(member, 64), excerpt(group, 64));
        let message = format!("`{member}` is as good as root, by the group `{group}`");
        found(Severity::Warning, format!("socket.members.{member}"), message);
    }
    for user in &access.users {
        let user = excerpt(user, 64);
        let message = format!("`{user}` may make containers in a project of their own");
        found(Severity::Warning, format!("socket.users.{user}"), message);
    }
}
