//! What a mend changes.

use std::fmt::Write as _;
use std::ops::Range;

use anstyle::Style;
use imara_diff::{Algorithm, Diff, Hunk, InternedInput};

use crate::place::Source;
use crate::rules::secrets;
use crate::text::excerpt;
use crate::ui::{BAD, FAINT, GOOD, STRONG};

/// A longer line is cut.
const LONGEST_LINE: usize = 2000;
/// How many lines around a change are shown.
const CONTEXT: u32 = 2;

pub(super) fn render(name: &str, before: &str, after: &str) -> String {
    let source = |text: &str| Source { name: name.into(), text: text.into() };
    let (before, after) = (source(before), source(after));
    let (before, after) = (secrets::mask(&before), secrets::mask(&after));
    let name = excerpt(name, 4096);
    let mut out = format!("{STRONG}--- {name}\n+++ {name}{STRONG:#}\n");
    let input = InternedInput::new(before.as_ref(), after.as_ref());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let hunks: Vec<Hunk> = diff.hunks().collect();
    for together in hunks.chunk_by(|one, next| next.before.start - one.before.end <= 2 * CONTEXT) {
        group(&mut out, together, &input);
    }
    out
}

/// Changes that are so near to each other that the lines around them meet. (The library's own printer counts the lines
/// before the first change wrongly.)
fn group(out: &mut String, hunks: &[Hunk], input: &InternedInput<&str>) {
    let (Some(first), Some(last)) = (hunks.first(), hunks.last()) else { return };
    let end = u32::try_from(input.before.len()).unwrap_or(u32::MAX).min(last.before.end + CONTEXT);
    let lead = first.before.start.min(CONTEXT);
    let before = first.before.start - lead..end;
    let after = first.after.start - lead..last.after.end + (end - last.before.end);
    let _ = writeln!(out, "{FAINT}@@ -{} +{} @@{FAINT:#}", range(&before), range(&after));
    let mut lines = |of: &[imara_diff::Token], range: Range<u32>, sign: char, style: Style| {
        let tokens = of.get(range.start as usize..range.end as usize).unwrap_or_default();
        for token in tokens {
            line(out, input.interner[*token], sign, style);
        }
    };
    let mut at = before.start;
    for hunk in hunks {
        lines(&input.before, at..hunk.before.start, ' ', FAINT);
        lines(&input.before, hunk.before.clone(), '-', BAD);
        lines(&input.after, hunk.after.clone(), '+', GOOD);
        at = hunk.before.end;
    }
    lines(&input.before, at..end, ' ', FAINT);
}

/// As diff(1) has it: a range without lines is named by the line before it, and a length of one is left out.
fn range(lines: &Range<u32>) -> String {
    match lines.end - lines.start {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        length => format!("{},{length}", lines.start + 1),
    }
}

fn line(out: &mut String, line: &str, sign: char, style: Style) {
    let ended = line.strip_suffix('\n');
    let _ = writeln!(out, "{style}{sign}{}{style:#}", excerpt(ended.unwrap_or(line), LONGEST_LINE));
    if ended.is_none() {
        let _ = writeln!(out, "{FAINT}\\ No newline at end of file{FAINT:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: &str, after: &str) -> String {
        anstream::adapter::strip_str(&render("a.yaml", before, after)).to_string()
    }

    #[test]
    fn shows_what_differs_with_the_lines_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
        let after = "1\n2\n3\nfour\n5\n6\n7\n8\n9\n10\n11";
        assert_eq!(
            plain(before, after),
            "--- a.yaml\n+++ a.yaml\n@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+four\n 5\n 6\n@@ -9,2 +9,3 @@\n 9\n 10\n+11\n\
             \\ No newline at end of file\n"
        );
        assert_eq!(plain("", "x\n"), "--- a.yaml\n+++ a.yaml\n@@ -0,0 +1 @@\n+x\n");
        assert_eq!(plain("x\n", "x\n"), "--- a.yaml\n+++ a.yaml\n");
    }

    #[test]
    fn a_line_cannot_speak_to_the_terminal() {
        assert!(plain("a\n", "\u{1b}[2J\n").contains("+\\u{1b}[2J\n"));
    }
}
