//! Mends what has one safe mend.
//!
//! A mend is tried on the text in memory, and what comes of it is judged. Only a text in which what was to be mended is
//! mended, and in which nothing is wrong that was not before, replaces a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Report, Request, lint_with, write};
use crate::rules::{self, Edit, Finding};

/// Mends bring out others: a document that could not be read is read. After so many rounds it is good.
const ROUNDS: usize = 8;

/// What came of mending.
#[derive(Debug)]
pub struct Mend {
    /// The files that are mended, by name.
    pub mended: Vec<Mended>,
    /// The files that are left as they are though there is a mend.
    pub unmended: Vec<Unmended>,
    /// What is found afterwards, or was found before where nothing is to be written.
    pub report: Report,
}

/// A file that is mended.
#[derive(Debug)]
pub struct Mended {
    /// Its name.
    pub name: String,
    /// Its text as it was.
    pub before: String,
    /// Its text as it is, or would be.
    pub after: String,
    /// What was done, each once.
    pub what: Vec<String>,
}

/// A file that is not mended, and why.
#[derive(Debug)]
pub struct Unmended {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Judges, and mends what can be mended. With `dry`, no file is changed, and the report is that of the files as they are.
#[must_use]
pub fn mend(request: &Request, dry: bool) -> Mend {
    let first = lint_with(request, &BTreeMap::new());
    let mut plan = Plan::default();
    let mut current = None;
    for _ in 0..ROUNDS {
        let report = current.as_ref().unwrap_or(&first);
        let tried = plan.next(report);
        if tried.is_empty() {
            break;
        }
        let texts = plan.texts.iter().chain(&tried).map(|(name, text)| (name.clone(), text.clone())).collect();
        let after = lint_with(request, &texts);
        let bad: Vec<_> = tried.keys().filter(|name| !is_better(name, report, &after)).cloned().collect();
        let all_good = bad.is_empty();
        for name in bad {
            plan.refuse(name, "the mend would bring up something else");
        }
        if all_good {
            plan.texts.extend(tried);
            current = Some(after);
        }
    }
    let Plan { texts, originals, mut what, mut refused } = plan;
    let mut mended = Vec::new();
    for (name, after) in texts {
        let Some(before) = originals.get(&name).cloned() else { continue };
        let written = if dry { Ok(()) } else { write::replace(&PathBuf::from(&name), &before, &after) };
        match written {
            Ok(()) => {
                let what = what.remove(&name).unwrap_or_default().into_iter().collect();
                mended.push(Mended { name, before, after, what });
            }
            Err(error) => {
                refused.insert(name, error.to_string());
            }
        }
    }
    let unmended = refused.into_iter().map(|(name, reason)| Unmended { name, reason }).collect();
    let report = if dry || mended.is_empty() { first } else { lint_with(request, &BTreeMap::new()) };
    Mend { mended, unmended, report }
}

#[derive(Default)]
struct Plan {
    /// The texts so far of the files that are to be changed, by name.
    texts: BTreeMap<String, String>,
    /// The texts of these files as they were judged first.
    originals: BTreeMap<String, String>,
    /// What is done to each.
    what: BTreeMap<String, BTreeSet<String>>,
    /// The files that are left as they are, and why.
    refused: BTreeMap<String, String>,
}

impl Plan {
    /// The next texts of the files that have a mend.
    fn next(&mut self, report: &Report) -> BTreeMap<String, String> {
        let mut by_file: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.fix.is_some()) {
            if let Some(place) = finding.place() {
                by_file.entry(&place.source.name).or_default().push(finding);
            }
        }
        let mut tried = BTreeMap::new();
        for (name, findings) in by_file {
            if self.refused.contains_key(name) {
                continue;
            }
            let Some(text) = findings.iter().find_map(|finding| finding.place()).map(|place| &place.source.text) else {
                continue;
            };
            let others = findings.iter().filter_map(|finding| finding.place()).any(|place| place.source.text != *text);
            if others {
                self.refuse(name.to_owned(), "its findings are in different texts");
                continue;
            }
            let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
            let Some(after) = applied(text, fixes.clone().flat_map(|fix| &fix.edits)) else {
                self.refuse(name.to_owned(), "two mends of it overlap");
                continue;
            };
            self.originals.entry(name.to_owned()).or_insert_with(|| text.clone());
            self.what.entry(name.to_owned()).or_default().extend(fixes.map(|fix| fix.what.to_string()));
            tried.insert(name.to_owned(), after);
        }
        tried
    }

    fn refuse(&mut self, name: String, reason: &str) {
        self.texts.remove(&name);
        self.refused.insert(name, reason.into());
    }
}

/// The text with all edits; `None` where two overlap or one is not in the text.
fn applied<'a>(text: &str, edits: impl Iterator<Item = &'a Edit>) -> Option<String> {
    let mut edits: Vec<_> = edits.collect();
    edits.sort_by_key(|edit| (edit.bytes.start, edit.bytes.end));
    edits.dedup();
    let mut after = String::with_capacity(text.len() + edits.len());
    let mut at = 0;
    let mut last = None;
    for edit in edits {
        // Two insertions at one byte have no order, so they overlap too.
        if edit.bytes.start < at || last == Some(edit.bytes.start) {
            return None;
        }
        after.push_str(text.get(at..edit.bytes.start)?);
        text.get(edit.bytes.clone())?;
        after.push_str(&edit.text);
        at = edit.bytes.end;
        last = Some(edit.bytes.start);
    }
    after.push_str(text.get(at..)?);
    Some(after)
}

/// Whether a file is better for its mend: it has fewer findings with one, and nothing that it had not before. What is
/// only seen because the document can be read now was there before too.
fn is_better(name: &str, before: &Report, after: &Report) -> bool {
    let of_file = |report: &Report| -> Vec<Finding> {
        report.findings.iter().filter(|f| f.place().is_some_and(|place| place.source.name == name)).cloned().collect()
    };
    let (before_all, after_all) = (of_file(before), of_file(after));
    let failed = after.failures.iter().any(|failure| failure.name == name);
    let count = |findings: &[Finding]| {
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for finding in findings {
            *counts.entry((finding.rule.to_string(), finding.subject.clone())).or_default() += 1;
        }
        counts
    };
    let (had, has) = (count(&before_all), count(&after_all));
    let mended = |(key, _): &(&(String, String), &usize)| {
        before_all.iter().any(|f| f.fix.is_some() && f.rule == key.0 && f.subject == key.1)
    };
    // The list of a document's problems has an end, so that those behind it show up when the first are mended.
    let is_cut = before_all.len() >= crate::yaml::MAX_PROBLEMS;
    let fewer = is_cut || had.iter().filter(mended).all(|(key, count)| has.get(key).is_none_or(|now| now < count));
    let unread = before_all.iter().any(|finding| rules::yaml::is_unread(&finding.rule));
    let nothing_new = unread || has.iter().all(|(key, count)| had.get(key).is_some_and(|before| count <= before));
    !failed && fewer && nothing_new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(bytes: std::ops::Range<usize>, text: &str) -> Edit {
        Edit { bytes, text: text.into() }
    }

    #[test]
    fn edits_are_applied_in_the_order_of_the_text() {
        let edits = [edit(4..4, "!"), edit(0..1, "A"), edit(2..3, "")];
        assert_eq!(applied("abcd", edits.iter()).as_deref(), Some("Abd!"));
        // The same mend of two findings is one.
        let twice = [edit(1..2, "x"), edit(1..2, "x")];
        assert_eq!(applied("abc", twice.iter()).as_deref(), Some("axc"));
    }

    #[test]
    fn edits_that_overlap_or_are_elsewhere_are_refused() {
        for edits in [
            [edit(0..2, ""), edit(1..3, "")],
            [edit(1..1, "x"), edit(1..1, "y")],
            [edit(1..1, "x"), edit(1..2, "y")],
            [edit(0..1, ""), edit(4..5, "")],
        ] {
            assert_eq!(applied("abc", edits.iter()), None, "{edits:?}");
        }
        // Inside of a character.
        assert_eq!(applied("ä", [edit(1..2, "")].iter()), None);
    }
}
