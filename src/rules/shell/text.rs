//! Text of which a part may not be known before the script runs. Signs that no script may hold stand for such parts.

use crate::text::excerpt;

/// Anything at all.
pub(super) const UNKNOWN: char = '\u{1}';
/// An argument of the function around it, which is judged where the function is called.
pub(super) const PARAMETER: char = '\u{2}';
/// Digits.
pub(super) const NUMBER: char = '\u{3}';
/// What came from the network.
pub(super) const FETCHED: char = '\u{4}';

/// Whether a character stands for an unknown part.
pub(super) fn is_hole(c: char) -> bool {
    matches!(c, UNKNOWN..=FETCHED)
}

/// Whether all of the text is known.
pub(super) fn is_known(text: &str) -> bool {
    !text.contains(is_hole)
}

/// Whether the text could be anything, other than through its function's arguments and digits.
pub(super) fn is_open(text: &str) -> bool {
    text.contains([UNKNOWN, FETCHED])
}

/// For a message: holes as dots, and not too long.
pub(super) fn shown(text: &str) -> String {
    let dotted: String = text.chars().map(|c| if is_hole(c) { '…' } else { c }).collect();
    excerpt(&dotted, 60)
}

/// One word of a command, after quotes are removed and variables filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Word {
    /// Each text that it can be.
    pub(super) values: Vec<String>,
    /// Whether it can be more or fewer than one word.
    pub(super) many: bool,
}

impl Word {
    pub(super) fn known(text: impl Into<String>) -> Self {
        Self { values: vec![text.into()], many: false }
    }

    /// The text, if there is only one and all of it is known.
    pub(super) fn one(&self) -> Option<&str> {
        match self.values.as_slice() {
            [text] if is_known(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn any(&self, test: impl Fn(&str) -> bool) -> bool {
        self.values.iter().any(|value| test(value))
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.any(|value| value == text)
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        shown(self.values.first().map_or("", String::as_str))
    }
}

/// The most texts that one word is followed through.
pub(super) const MOST_VALUES: usize = 32;
/// The longest text that is put together, in bytes.
const LONGEST: usize = 64 * 1024;

/// Each of `left` followed by each of `right`.
pub(super) fn join(left: &[String], right: &[String]) -> Vec<String> {
    let long = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    if left.len() * right.len() > MOST_VALUES || long(left) + long(right) > LONGEST {
        // What is common to all that it can be: how it starts.
        let start = if left.len() == 1 && long(left) <= LONGEST { left[0].clone() } else { String::new() };
        let fetched = left.iter().chain(right).any(|text| text.contains(FETCHED));
        return vec![format!("{start}{}", if fetched { FETCHED } else { UNKNOWN })];
    }
    let mut joined: Vec<String> = left.iter().flat_map(|l| right.iter().map(move |r| format!("{l}{r}"))).collect();
    joined.dedup();
    joined
}
