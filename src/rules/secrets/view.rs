//! A text as its readers see it: without the escapes and joints behind which a secret would be no text any more.

use std::borrow::Cow;

/// A text, and where each of its bytes comes from.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// The text.
    pub(super) text: Cow<'a, str>,
    /// For each byte of the text, and for its end, the byte of the original; none where the text is the original.
    origins: Vec<usize>,
}

impl<'a> View<'a> {
    /// The text as it is.
    pub(super) fn plain(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), origins: Vec::new() }
    }

    /// The text with escapes decoded as in JSON, YAML and shell, ends of lines after a backslash taken out, and quoted
    /// strings that follow each other joined, as in `"ab""cd"`, `'ab'"cd"` and `"ab" + "cd"`. `None` where that
    /// changes nothing.
    pub(super) fn decoded(text: &'a str) -> Option<Self> {
        // Of the backslashes in scripts most end a line; the rest of the work is only for texts that have joints.
        if !text.contains('\\') && !JOINTS.iter().any(|joint| text.contains(joint)) {
            return None;
        }
        let mut decoded = String::with_capacity(text.len());
        let mut origins = Vec::with_capacity(text.len() + 1);
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            let (taken, shown) = match c {
                '\\' => escape(rest),
                '"' | '\'' => (joint(rest).unwrap_or(1), joint(rest).map_or(Some(c), |_| None)),
                _ => (c.len_utf8(), Some(c)),
            };
            if let Some(shown) = shown {
                decoded.push(shown);
                origins.resize(decoded.len(), at);
            }
            at += taken;
        }
        origins.push(text.len());
        Some(Self { text: Cow::Owned(decoded), origins })
    }

    /// The byte of the original from which a byte of the text comes.
    pub(super) fn origin(&self, at: usize) -> usize {
        if self.origins.is_empty() { at } else { self.origins.get(at).copied().unwrap_or(at) }
    }
}

const JOINTS: [&str; 6] = ["\"\"", "''", "\"'", "'\"", "\" +", "' +"];

/// How many bytes an escape takes, and what it stands for; nothing where it ends a line.
fn escape(rest: &str) -> (usize, Option<char>) {
    let digits = |from: usize, most: usize, radix: u32| {
        let count = rest.bytes().skip(from).take(most).take_while(|b| char::from(*b).is_digit(radix)).count();
        let code = rest.get(from..from + count).and_then(|code| u32::from_str_radix(code, radix).ok());
        (from + count, code.and_then(char::from_u32).or(Some('\u{fffd}')))
    };
    let Some(next) = rest[1..].chars().next() else { return (1, Some('\\')) };
    match next {
        '\n' => {
            let indent = rest[2..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
            (2 + indent, None)
        }
        'n' | 'r' => (2, Some('\n')),
        't' => (2, Some('\t')),
        'x' => digits(2, 2, 16),
        'u' => digits(2, 4, 16),
        'U' => digits(2, 8, 16),
        '0'..='7' => digits(1, 3, 8),
        _ => (1 + next.len_utf8(), Some(next)),
    }
}

/// How many bytes it takes from the end of one quoted string to the beginning of the next, if they are one value.
fn joint(rest: &str) -> Option<usize> {
    let quote = |b: &u8| matches!(b, b'"' | b'\'');
    let bytes = rest.as_bytes();
    if bytes.get(1).is_some_and(quote) {
        return Some(2);
    }
    let blank = |from: usize| bytes.iter().skip(from).take(64).take_while(|b| b.is_ascii_whitespace()).count();
    let plus = 1 + blank(1);
    if bytes.get(plus) != Some(&b'+') {
        return None;
    }
    let next = plus + 1 + blank(plus + 1);
    bytes.get(next).filter(|b| quote(b)).map(|_| next + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_and_knows_where_from() {
        for (text, expected) in [
            (r"a\x41\u0042\nc", "aAB\nc"),
            ("one\\\n   two", "onetwo"),
            ("'ab''cd'", "'abcd'"),
            ("\"ab\" + \n \"cd\"", "\"abcd\""),
            (r"\101\", "A\\"),
            (r"\ud800é", "\u{fffd}é"),
        ] {
            let view = View::decoded(text).unwrap();
            assert_eq!(view.text, expected, "{text}");
            assert_eq!(view.origin(view.text.len()), text.len());
        }
        assert!(View::decoded("plain: \"text\"\n").is_none());
        let view = View::decoded(r"é\n\x41z").unwrap();
        assert_eq!((view.text.as_ref(), view.origin(3), view.origin(4)), ("é\nAz", 4, 8));
    }
}
