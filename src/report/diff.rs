//! What a mend changes.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use crate::place::Source;
use crate::rules::secrets;
use crate::text::excerpt;
use crate::ui::{BAD, FAINT, GOOD, STRONG};

/// A longer line is cut.
const LONGEST_LINE: usize = 2000;

pub(super) fn render(name: &str, before: &str, after: &str) -> String {
    let source = |text: &str| Source { name: name.into(), text: text.into() };
    let (before, after) = (source(before), source(after));
    let (before, after) = (secrets::mask(&before), secrets::mask(&after));
    let name = excerpt(name, 4096);
    let mut out = format!("{STRONG}--- {name}\n+++ {name}{STRONG:#}\n");
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
        let _ = writeln!(out, "{FAINT}{}{FAINT:#}", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", BAD),
                ChangeTag::Insert => ("+", GOOD),
                ChangeTag::Equal => (" ", FAINT),
            };
            let line = change.value();
            let ended = line.strip_suffix('\n');
            let _ = writeln!(out, "{style}{sign}{}{style:#}", excerpt(ended.unwrap_or(line), LONGEST_LINE));
            if ended.is_none() {
                let _ = writeln!(out, "{FAINT}\\ No newline at end of file{FAINT:#}");
            }
        }
    }
    out
}
