//! Objects that are not what the lab's file makes of them.

use super::secret::shown;
use super::{DriftState, LiveFacts};
use crate::place::Origin;
use crate::profile::Difference;
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-drift",
    severity: Severity::Error,
    summary: "an object that differs from what the lab file makes of it",
    why: "`podclaw init` made it otherwise. Somebody changed the object since, or the lab file and nobody ran `podclaw init`: \
          what was judged is not what is there. The project's restrictions are the second lock: who opens one can then give \
          a guest what podclaw itself never would.",
    remedy: "put it right with `podclaw init`, or change the lab file if the change is meant",
    threats: &["documented", "judged-is-sent"],
    waivable: false,
    examples: &[],
};

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for drift in &facts.drift {
        match &drift.state {
            DriftState::Differs(differences) => {
                findings.extend(differences.iter().map(|difference| finding(&drift.object, difference)));
            }
            DriftState::Fixed(difference) => {
                let remedy = "change the lab file back, or `podclaw wipe` and `podclaw init` to make the lab anew";
                findings.push(finding(&drift.object, difference).remedy(remedy));
            }
            DriftState::Missing | DriftState::Foreign => {}
        }
    }
}

fn finding(object: &str, difference: &Difference) -> Finding {
    let show = |value: &Option<String>| value.as_ref().map(|value| shown(&difference.key, value));
    let key = excerpt(&difference.key, 128);
    let message = match (show(&difference.old), show(&difference.new)) {
        (Some(old), Some(new)) => format!("`{key}` is \"{old}\", and has to be \"{new}\""),
        (Some(old), None) => format!("`{key}` is \"{old}\", and must not be set"),
        (None, Some(new)) => format!("`{key}` is not set, and has to be \"{new}\""),
        (None, None) => format!("`{key}` is not as it has to be"),
    };
    let mut finding = Finding::new(&RULE, key.as_str(), Origin::named(object.to_owned()), message);
    // Nobody is contained by a description.
    if difference.key == "description" {
        finding.severity = Severity::Warning;
    }
    finding
}
