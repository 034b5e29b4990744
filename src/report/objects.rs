//! Findings about the objects of a daemon, for people. There are no lines of text to show; but one setting of a profile can
//! be found in each of hundreds of guests, and is said once.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::human::Look;
use crate::rules::{Finding, Severity, catalogue};
use crate::text::excerpt;
use crate::ui::{BAD, CAUTION, FAINT, HINT, STRONG};

/// So many findings are shown.
const SHOWN: usize = 1000;
/// So many objects are named that a finding is about.
const NAMED: usize = 4;

/// What is the same about several objects.
type Same<'a> = (&'a str, &'a str, &'a str, &'a str);

pub(super) fn render(findings: &[Finding], look: Look) -> String {
    let mut groups = groups(findings.iter().filter(|finding| finding.counts() || !look.quiet));
    // What matters most comes first; findings that matter alike stay in the order of their objects.
    groups.sort_by_key(|group| std::cmp::Reverse(group.first().map(|finding| finding.severity)));
    let mut out = String::new();
    for group in groups.iter().take(SHOWN) {
        show(&mut out, group);
    }
    let left = groups.len().saturating_sub(SHOWN);
    if left > 0 {
        let _ = writeln!(out, "{STRONG}and {left} more{STRONG:#}: `--format json` shows all of them\n");
    }
    out
}

/// The findings, those that say the same together.
fn groups<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Vec<&'a Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut known: HashMap<Same<'_>, usize> = HashMap::new();
    for finding in findings {
        let same = (&*finding.rule, &*finding.subject, &*finding.message, &*finding.remedy);
        match known.get(&same).and_then(|at| groups.get_mut(*at)) {
            // What has to do with a finding is different for each.
            Some(group) if finding.related.is_empty() => group.push(finding),
            _ => {
                known.insert(same, groups.len());
                groups.push(vec![finding]);
            }
        }
    }
    groups
}

fn show(out: &mut String, group: &[&Finding]) {
    let Some(first) = group.first() else { return };
    let style = match first.severity {
        Severity::Error => BAD,
        Severity::Warning => CAUTION,
        Severity::Note => HINT,
    };
    let (severity, rule, message) = (first.severity, excerpt(&first.rule, 100), excerpt(&first.message, 500));
    // What no catalogue describes speaks for itself.
    let title = catalogue::find(&first.rule).map_or(message.as_str(), |rule| rule.summary);
    let mut names: Vec<_> = group.iter().take(NAMED).map(|finding| excerpt(&finding.origin.to_string(), 200)).collect();
    if group.len() > NAMED {
        names.push(format!("{} more", group.len() - NAMED));
    }
    // What is found of the whole object has nothing in it to be named.
    let subject = if first.subject == "object" { String::new() } else { format!(": {}", excerpt(&first.subject, 200)) };
    let names = names.join(", ");
    let _ = writeln!(out, "{style}{severity}[{rule}]{style:#}{STRONG}: {title}{STRONG:#}");
    let _ = writeln!(out, " {HINT}-->{HINT:#} {names}{subject}");
    let _ = writeln!(out, "  = {message}");
    for related in &first.related {
        let (origin, message) = (excerpt(&related.origin.to_string(), 200), excerpt(&related.message, 500));
        let _ = writeln!(out, "  = note: {origin}: {message}");
    }
    let _ = writeln!(out, "  {FAINT}= help: {}{FAINT:#}\n", excerpt(&first.remedy, 1000));
}
