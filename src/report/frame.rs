//! The line that a finding is in, fit to be shown: short, and with everything visible that is not.

use std::ops::Range;

use super::masked::around;
use crate::place::Span;
use crate::text::floor;

/// A line, or the part of it that is shown, and the part of that which is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) line: String,
    pub(super) marked: Range<usize>,
}

/// The line in which a span starts. `width` is how many characters of it are shown.
pub(super) fn frame(text: &str, span: Span, width: usize) -> Frame {
    let (line, line_start) = around(text, span.start);
    let start = floor(text, span.start).saturating_sub(line_start).min(line.len());
    let end = floor(text, span.end.max(span.start)).saturating_sub(line_start).clamp(start, line.len());
    // What is before the part that is meant gets a third of the width at most, unless there is room for all of it.
    let all: usize = line.chars().map(columns).sum();
    let lead = if all <= width {
        0
    } else {
        let mut room = width / 3;
        let before = line[..start].char_indices().rev();
        before.take_while(|(_, c)| take(&mut room, columns(*c))).last().map_or(start, |(at, _)| at)
    };
    let mut shown = Frame { line: String::new(), marked: 0..0 };
    let mut room = width;
    if lead > 0 || line_start > 0 && !text[..line_start].ends_with('\n') {
        shown.line.push('…');
    }
    shown.marked = shown.line.len()..shown.line.len();
    for (at, c) in line[lead..].char_indices().map(|(at, c)| (at + lead, c)) {
        if at == start {
            shown.marked = shown.line.len()..shown.line.len();
        }
        if !take(&mut room, columns(c)) {
            shown.line.push('…');
            break;
        }
        push(&mut shown.line, c, (start..end).contains(&at));
        if at < end {
            shown.marked.end = shown.line.len();
        }
    }
    if start >= line.len() {
        shown.marked = shown.line.len()..shown.line.len();
    }
    shown
}

/// Appends a character as it is shown.
fn push(line: &mut String, c: char, marked: bool) {
    match c {
        '\t' if marked => line.push_str("\\t"),
        '\t' => line.push_str("    "),
        '\n' => line.push_str("\\n"),
        c => line.push_str(&crate::text::escape(c.encode_utf8(&mut [0; 4]))),
    }
}

/// About how many columns a character takes. Whether a character beyond Latin is wide does not matter for what is cut.
fn columns(c: char) -> usize {
    if c.is_ascii_graphic() || c == ' ' { 1 } else { 2 }
}

fn take(room: &mut usize, wanted: usize) -> bool {
    let fits = *room >= wanted;
    *room = room.saturating_sub(wanted);
    fits
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::place::Source;

    fn shown(text: &str, bytes: Range<usize>, width: usize) -> (String, String) {
        let source = Arc::new(Source { name: "a".into(), text: text.into() });
        let Frame { line, marked } = frame(text, source.place(bytes).span, width);
        let part = line[marked].to_owned();
        (line, part)
    }

    #[test]
    fn a_line_is_shown_as_it_is() {
        assert_eq!(shown("a: b\nc: dd\ne: f\n", 8..10, 80), ("c: dd".into(), "dd".into()));
        assert_eq!(shown("a: b\n", 4..4, 80), ("a: b".into(), String::new()));
        assert_eq!(shown("a: b\n", 5..5, 80), (String::new(), String::new()));
        // Only the first line of what goes over several.
        assert_eq!(shown("a: b\nc: dd\n", 3..9, 80), ("a: b".into(), "b".into()));
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        let (line, part) = shown("\ta: \u{202e}x\u{85}\u{1b}[2J\t\n", 4..7, 80);
        assert_eq!(line, "    a: \\u{202e}x\\u{85}\\u{1b}[2J    ");
        assert_eq!(part, "\\u{202e}");
        assert_eq!(shown("a:\tb\r\n", 2..3, 80), ("a:\\tb\\u{d}".into(), "\\t".into()));
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_meant() {
        let text = format!("{}bad{}\n", "x".repeat(500_000), "y".repeat(500_000));
        let (line, part) = shown(&text, 500_000..500_003, 60);
        assert_eq!(part, "bad");
        assert!(line.starts_with("…x") && line.ends_with("y…") && line.chars().count() < 70, "{line}");
        let (line, part) = shown(&text, 0..1_000_003, 60);
        assert!(line.ends_with("x…") && part.len() == 60, "{line}");
        let wide = "中".repeat(1000);
        let (line, part) = shown(&wide, 1500..1503, 60);
        assert_eq!(part, "中");
        assert!(line.chars().count() <= 32, "{line}");
    }
}
