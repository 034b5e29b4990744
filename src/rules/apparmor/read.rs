//! The lines of an AppArmor profile, without comments.

use std::ops::Range;

/// A line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What it says, with single spaces.
    pub(super) text: String,
    pub(super) bytes: Range<usize>,
}

/// The lines of a profile, and where characters are that hide something.
pub(super) fn read(text: &str) -> (Vec<Line>, Vec<Range<usize>>) {
    let (mut lines, mut hidden) = (Vec::new(), Vec::new());
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        let doubtful = |c: char| {
            (c.is_control() && c != '\t') || crate::text::is_hidden(c) || (c.is_whitespace() && !c.is_ascii())
        };
        if let Some((at, c)) = line.char_indices().find(|&(_, c)| doubtful(c) || c == '\u{feff}') {
            hidden.push(start + at..start + at + c.len_utf8());
        }
        let said = said(line);
        let words: Vec<&str> = said.split_ascii_whitespace().collect();
        if !words.is_empty() {
            let indent = said.len() - said.trim_start().len();
            lines.push(Line { text: words.join(" "), bytes: start + indent..start + said.trim_end().len() });
        }
        start += raw.len();
    }
    (lines, hidden)
}

/// A line without its comment. `#include` is none to AppArmor, whatever is between the two.
fn said(line: &str) -> &str {
    let Some(at) = line.find('#') else { return line };
    let comment = line[at + 1..].trim_start();
    let includes = comment
        .strip_prefix("include")
        .is_some_and(|rest| rest.trim_start().starts_with(['<', '"', '/']) || rest.trim_start().starts_with("if "));
    let inside = at > 0 && !line[..at].ends_with([' ', '\t', ',', '{', '}']);
    if includes || inside { line } else { &line[..at] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_includes_stay() {
        let lines = |text| read(text).0.into_iter().map(|line| line.text).collect::<Vec<_>>();
        assert_eq!(lines("# include what it needs\n  userns,  # why\n\n"), ["userns,"]);
        assert_eq!(lines("#include <x>\n# include <x>\n#include if exists <x>\n").len(), 3);
        assert_eq!(lines("userns,#x\n"), ["userns,"]);
        assert_eq!(lines("/a#b r,\n"), ["/a#b r,"]);
        assert_eq!(read("a\u{85}b\n\u{feff}\nb\r\n").1.len(), 3);
        let text = "  a   b # c\n";
        assert_eq!(&text[read(text).0[0].bytes.clone()], "a   b");
    }
}
