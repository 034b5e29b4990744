//! Characters that a reader cannot see, or that decoders treat differently.

/// Why a character may not stand in a document as itself, if it may not.
pub(super) fn refusal(c: char) -> Option<Refusal> {
    match c {
        '\n' => None,
        '\u{feff}' => Some(Refusal::ByteOrderMark),
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(Refusal::LineBreak),
        c if c.is_control() => Some(Refusal::Control),
        c if is_hidden(c) => Some(Refusal::Hidden),
        _ => None,
    }
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

fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        // The last two code points of each plane are no characters, and PyYAML refuses some of them.
        || (c as u32) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}
