//! Characters that a reader cannot see, or that decoders treat differently.

/// Why a character may not stand in a document as itself, if it may not.
pub(super) fn refusal(c: char) -> Option<Refusal> {
    match c {
        '\n' => None,
        '\u{feff}' => Some(Refusal::ByteOrderMark),
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(Refusal::LineBreak),
        c if c.is_control() => Some(Refusal::Control),
        c if crate::text::is_hidden(c) => Some(Refusal::Hidden),
        _ => None,
    }
}

/// Whether there is nothing in a text but what every decoder takes as it is, as in nearly all of them. This is much
/// faster than looking at each character, and says no to some that are fine too.
pub(super) fn is_plain(text: &str) -> bool {
    // Without an end in between, a processor compares many bytes at once.
    let all = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~' | b'\n'));
    text.as_bytes().chunks(256).all(all)
}

/// The first character of a text that may not stand in a document as itself, of those that count.
pub(super) fn first_refused(text: &str, counts: impl Fn(char) -> bool) -> Option<char> {
    if is_plain(text) {
        return None;
    }
    text.chars().find(|&c| counts(c) && refusal(c).is_some())
}

/// What is wrong with a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// U+FEFF.
    ByteOrderMark,
    /// What only some decoders take for the end of a line, and so of a comment.
    LineBreak,
    /// A control character; a tab is one.
    Control,
    /// A character without a width, one that turns the direction of text, or no character at all.
    Hidden,
}
