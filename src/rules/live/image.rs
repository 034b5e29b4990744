//! Images in the lab's project.

use super::LiveFacts;
use super::facts::short;
use crate::rules::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "live-image",
    severity: Severity::Error,
    summary: "an image in the lab that is not the one that podclaw.lock pins, or not the one that podclaw baked",
    why: "A guest is what its image is. One that somebody else put there, that the daemon renews by itself, or that strangers \
          may fetch, is not what was built and pinned. Who may write images can give one the properties of a baked one; so \
          the project says which one podclaw baked.",
    remedy: "delete it: `podclaw image delete`, or Incus' own client if it is not podclaw's; `podclaw image build` makes the \
             one that is pinned",
    threats: &["pinning", "exposure"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for image in &facts.images {
        let mut say = |subject: &str, message: String| {
            findings.push(Finding::new(&RULE, subject, image.origin(), message));
        };
        if image.is_public {
            say("public", "whoever reaches the daemon may fetch it".into());
        }
        if image.is_renewed {
            say("auto_update", "the daemon replaces it by a newer one when there is one".into());
        }
        let pinned = &facts.pinned;
        let is_pinned = match &image.baked_of {
            Some((base, gateway)) if image.is_marked => {
                (pinned.base.as_ref(), pinned.gateway.as_ref()) == (Some(base), Some(gateway))
            }
            _ => pinned.base.as_ref() == Some(&image.fingerprint),
        };
        if !is_pinned {
            let pinned = match &pinned.base {
                _ if image.is_marked && image.baked_of.is_some() => {
                    "podclaw.lock pins others than it was baked of".into()
                }
                Some(base) => format!("podclaw.lock pins {}", short(base)),
                None => "podclaw.lock pins none yet".into(),
            };
            let whose = if image.is_marked { "" } else { "podclaw did not put it there, and " };
            say("fingerprint", format!("{whose}{pinned}"));
            // An image of an earlier build is nobody's mistake.
            if image.is_marked
                && let Some(finding) = findings.last_mut()
            {
                finding.severity = Severity::Warning;
            }
        } else if image.baked_of.is_some() && image.is_marked && !image.is_named {
            say(
                "baked",
                "it looks like one that podclaw baked, and the project does not name it: nothing is made from it"
                    .into(),
            );
        } else if !image.is_marked {
            say("properties", "it is the one that is pinned, but does not have the lab's mark".into());
        }
    }
}
