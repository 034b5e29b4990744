//! Whether a guest is still what was launched.

use std::collections::BTreeMap;

use super::facts::short;
use super::{Guest, Launch, LiveFacts, Proof, ReceiptFacts};
use crate::rules::{Finding, Rule, Severity};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "live-receipt",
    severity: Severity::Warning,
    summary: "a guest that is not what its receipt says, or not what is pinned now",
    why: "A launch writes down on the guest what it was made of, how it was judged and what the probes said. A guest that differs \
          was changed afterwards: what was judged and proven then says nothing of it now. Who may change the guest may change its \
          receipt too; it finds changes by mistake and by others' tools, and not an attacker who is root of the host.",
    remedy: "launch the guest anew, so that what runs is what was judged and proven",
    threats: &["judged-is-sent", "pinning", "documented"],
    waivable: false,
    examples: &[],
};

/// What to do where a probe could not tell.
const UNKNOWN: &str = "`podclaw info NAME` says what kept them from telling; mend that, and launch the guest anew";

pub(super) fn check(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    for guest in facts.guests.iter().filter(|guest| guest.is_marked) {
        one(guest, facts, findings);
    }
    copies(facts, findings);
}

/// A copy takes the receipt along, and the marks, and with them a disk that nobody judged.
fn copies(facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let mut launched: BTreeMap<&str, &Guest> = BTreeMap::new();
    // Those that are not to be judged come first, so that what is said is said of those that are.
    let others = facts.everyone().filter(|(_, is_asked)| !is_asked);
    for (guest, is_asked) in others.chain(facts.everyone().filter(|(_, is_asked)| *is_asked)) {
        let launch = guest.launch_id.as_deref().filter(|_| guest.is_marked);
        if let Some(first) = launch.and_then(|launch| launched.insert(launch, guest)).filter(|_| is_asked) {
            let message =
                format!("it is a copy of guest {}, or that of it: one launch made both", excerpt(&first.name, 64));
            let mut finding = Finding::new(&RULE, "receipt.copy", guest.origin(), message);
            finding.severity = Severity::Error;
            findings.push(finding);
        }
    }
}

fn one(guest: &Guest, facts: &LiveFacts, findings: &mut Vec<Finding>) {
    let mut say = |severity: Severity, subject: &str, message: String| {
        let mut finding = Finding::new(&RULE, format!("receipt.{subject}"), guest.origin(), message);
        finding.severity = severity;
        findings.push(finding);
    };
    let ReceiptFacts::Read { mismatches, changes, is_old, is_anybodys, base, gateway, proof: probes } = &guest.receipt
    else {
        return match (&guest.receipt, guest.launch) {
            (ReceiptFacts::Missing, Launch::Running) if guest.is_up => {
                let message = "it runs and was not proven: it is being launched, or its launch was killed";
                say(Severity::Warning, "missing", message.into());
            }
            (ReceiptFacts::Missing, Launch::Failed) if guest.is_up => {
                say(Severity::Error, "missing", "its launch failed, and it runs all the same".into());
            }
            (ReceiptFacts::Missing, Launch::Running) => {
                say(Severity::Note, "missing", "it is being launched, or its launch was killed".into());
            }
            (ReceiptFacts::Missing, Launch::Failed) => {
                say(Severity::Note, "missing", "its launch failed, and it was kept to be looked at".into());
            }
            (ReceiptFacts::Missing, _) => say(Severity::Error, "missing", "it has no receipt of its launch".into()),
            _ => say(Severity::Error, "unreadable", "its receipt can't be read".into()),
        };
    };
    for mismatch in mismatches {
        say(Severity::Error, mismatch.subject, mismatch.message.clone());
    }
    for change in changes {
        say(Severity::Note, change.subject, change.message.clone());
    }
    if *is_old {
        let message = "an older podclaw launched it, and wrote down no digests to compare it with";
        say(Severity::Note, "digests", message.into());
    }
    if *is_anybodys {
        let message =
            "an older podclaw launched it, and did not write down which guest that was: a copy would say the same";
        say(Severity::Warning, "guest", message.into());
    }
    for (what, made_of, pinned) in [("base", base, &facts.pinned.base), ("gateway", gateway, &facts.pinned.gateway)] {
        if let Some(pinned) = pinned.as_ref().filter(|pinned| *pinned != made_of) {
            let (made_of, pinned) = (excerpt(&short(made_of), 64), excerpt(&short(pinned), 64));
            let message = format!("its {what} image is {made_of}, and {pinned} is pinned now");
            say(Severity::Warning, &format!("{what}-pinned"), message);
        }
    }
    proof(guest, probes, findings);
}

/// What was proven when it was launched. What could not be told is never taken for contained. Most of that is the host's own
/// doing, and so the same for all guests: one finding for each, in the same words, is shown once.
fn proof(guest: &Guest, probes: &Proof, findings: &mut Vec<Finding>) {
    let listed = |ids: &[String]| ids.iter().map(|id| excerpt(id, 64)).collect::<Vec<_>>().join(", ");
    let mut say = |finding: Finding, severity| findings.push(Finding { severity, ..finding });
    let of = |subject: &str, message: String| Finding::new(&RULE, subject, guest.origin(), message);
    for escape in &probes.escapes {
        let message = format!("the probe {} was not contained when it was launched", excerpt(escape, 64));
        say(of("receipt.probes", message), Severity::Error);
    }
    if probes.is_empty {
        say(of("receipt.probes-missing", "its receipt says of no probe that it was run".into()), Severity::Error);
    } else if !probes.missing.is_empty() {
        let message = format!("these probes were not run when it was launched: {}", listed(&probes.missing));
        say(of("receipt.probes-missing", message), Severity::Error);
    }
    if !probes.unknown.is_empty() {
        let ids = listed(&probes.unknown);
        let message = format!("these probes could not tell when it was launched, so it is not proven there: {ids}");
        say(of("receipt.probes-unknown", message).remedy(UNKNOWN), Severity::Warning);
    }
}
