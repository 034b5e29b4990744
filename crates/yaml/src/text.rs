//! Text from outside, made fit to be shown.
//!
//! A guest may be hostile: what it prints can hold escape sequences that rewrite a terminal, and it can be endless.

use std::fmt::Write as _;

/// Replaces every control character and every one that cannot be seen, such as one that turns the direction of text,
/// except newline and tab, by its visible escape.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\n' | '\t') || !is_unsafe(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

/// The same as [`escape`], on one line: newlines are escaped too, and no more than `most` characters are kept.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    // Nearly all that is shown is like this.
    if text.len() <= most && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.into();
    }
    let mut shown = escape(&text.chars().take(most).collect::<String>()).replace('\n', "\\n");
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// The nearest place at or before a byte where a character starts, or the text ends.
#[must_use]
pub fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// JSON with every character in its strings escaped that [`escape`] escapes; it means the same.
#[must_use]
pub fn escape_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, '\n' | '\t') || !is_unsafe(c) {
            shown.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

/// The last `lines` lines of `bytes`, escaped; invalid UTF-8 is replaced.
#[must_use]
pub fn tail(bytes: &[u8], lines: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let all: Vec<&str> = text.trim_end().lines().collect();
    let kept = &all[all.len().saturating_sub(lines)..];
    escape(&kept.join("\n"))
}

/// [`escape`] for text that comes in pieces, whose ends may be in the middle of a character.
#[derive(Debug, Default)]
pub struct Escaper(Vec<u8>);

impl Escaper {
    /// Takes a piece, and returns what can be shown so far.
    pub fn feed(&mut self, piece: &[u8]) -> String {
        self.0.extend_from_slice(piece);
        let whole = match std::str::from_utf8(&self.0) {
            // No length means that the last character is cut off: it waits for the next piece.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.0.len(),
        };
        let shown = escape(&String::from_utf8_lossy(&self.0[..whole]));
        self.0.drain(..whole);
        shown
    }

    /// What is left when no piece comes any more.
    pub fn finish(&mut self) -> String {
        escape(&String::from_utf8_lossy(&std::mem::take(&mut self.0)))
    }
}

/// Whether a character is no text to be shown as it is: a reader could not see it, or a terminal would obey it.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || is_hidden(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a character has no width, turns the direction of text, or is no character at all.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        // The last two code points of each plane are no characters, and PyYAML refuses some of them.
        || (c as u32) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(escape("a\u{1b}[2Jb\nc\r"), "a\\u{1b}[2Jb\nc\\u{d}");
        assert_eq!(escape("\u{202e}evil"), "\\u{202e}evil");
        assert_eq!(excerpt("a\nbcdef", 4), "a\\nbc…");
        // An Arabic letter mark, a Mongolian separator, a tag character, a line separator.
        let hidden = "\u{61c}\u{180e}\u{e0041}\u{2028}\u{feff}";
        assert_eq!(escape(hidden), "\\u{61c}\\u{180e}\\u{e0041}\\u{2028}\\u{feff}");
        assert_eq!(escape("dürüst 中 🦀"), "dürüst 中 🦀");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let text = "a\u{9b}2J\u{202e}\u{e0041}\u{7f}\"\n";
        let json = escape_json(&serde_json::to_string(text).unwrap());
        assert_eq!(json, r#""a\u009b2J\u202e\udb40\udc41\u007f\"\n""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn escapes_in_pieces() {
        let mut escaper = Escaper::default();
        // U+009B is what a terminal takes for ESC [, and here it is cut in two.
        assert_eq!(escaper.feed(b"a\xc2"), "a");
        assert_eq!(escaper.feed(b"\x9b2J\xff"), "\\u{9b}2J\u{fffd}");
        assert_eq!(escaper.feed(b"\xe2\x82"), "");
        assert_eq!(escaper.finish(), "\u{fffd}");
    }

    #[test]
    fn keeps_the_last_lines() {
        assert_eq!(tail(b"1\n2\n3\n4\n\n", 2), "3\n4");
        assert_eq!(tail(b"", 2), "");
        assert_eq!(tail(b"\xff", 2), "\u{fffd}");
    }
}
