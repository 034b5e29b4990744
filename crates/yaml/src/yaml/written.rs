//! How a scalar is written. Decoders agree on the usual spellings and differ on some of the others.

use super::Style;

/// What is doubtful about a scalar's spelling, as a message. `raw` is its text in the document with its quotes.
pub(super) fn doubt(raw: &str, text: &str, style: Style, is_key: bool, flow: bool) -> Option<&'static str> {
    if raw.is_empty() && style == Style::Plain {
        // Nothing is written, which is a problem of its own.
        return None;
    }
    let several_lines = raw.contains('\n');
    if is_key && several_lines {
        return Some("this key goes over several lines");
    }
    if is_key && text.is_empty() {
        return Some("this key is empty");
    }
    let is_block = matches!(style, Style::Literal | Style::Folded);
    if several_lines && !is_block && (raw.contains("\n---") || raw.contains("\n...")) {
        return Some("some decoders take this line for the end of the document");
    }
    match style {
        Style::Plain => plain(raw, text, is_key, flow),
        Style::DoubleQuoted => double_quoted(raw),
        Style::SingleQuoted => None,
        Style::Literal | Style::Folded => {
            text.trim_matches('\n').is_empty().then_some(r#"this block is empty; write """#)
        }
    }
}

fn plain(raw: &str, text: &str, is_key: bool, flow: bool) -> Option<&'static str> {
    if raw.contains('\n') {
        return Some("a value over several lines must be quoted, or be a block");
    }
    if raw != text {
        return Some("decoders could disagree on where this value ends");
    }
    let sign =
        text.starts_with(['?', ':', '%', '@', '`', '|', '>', '&', '*', '!', '#', '"', '\'', ',', '[', ']', '{', '}']);
    if sign || text == "-" || text.starts_with("---") || text.starts_with("...") {
        return Some("this value starts with a sign that has a meaning of its own");
    }
    if is_key && text.contains(':') {
        return Some("a key with a colon in it must be quoted");
    }
    if flow && text.contains(['?', ':', '#']) {
        return Some("a value with `?`, `:` or `#` inside of braces or brackets must be quoted");
    }
    None
}

/// Only the escapes that every decoder knows.
fn double_quoted(raw: &str) -> Option<&'static str> {
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            continue;
        }
        let digits = match chars.next() {
            Some('\\' | '"' | 'n' | 't' | '\n') => 0,
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Some(r#"not every decoder knows this escape; use \\, \", \n, \t, \x, \u or \U"#),
        };
        let code: String = chars.by_ref().take(digits).collect();
        // Half a surrogate pair is a character to some decoders and an error to others.
        if digits > 0 && u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).is_none() {
            return Some("this escape is not a character");
        }
    }
    None
}
