//! The escapes of `$'…'`.

use std::iter::Peekable;
use std::str::Chars;

use super::text::UNKNOWN;

/// What a text between `$'` and `'` stands for.
pub(super) fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { escape(&mut chars) } else { c });
    }
    out
}

fn escape(chars: &mut Peekable<Chars<'_>>) -> char {
    match chars.next() {
        Some(c @ ('\\' | '\'' | '"' | '?')) => c,
        Some('n') => '\n',
        Some('t') => '\t',
        Some('x') => number(chars, String::new(), 16, 2),
        Some('u') => number(chars, String::new(), 16, 4),
        Some('U') => number(chars, String::new(), 16, 8),
        Some(c @ '0'..='7') => number(chars, c.into(), 8, 3),
        // Control characters, and whatever comes to be one some day.
        _ => UNKNOWN,
    }
}

fn number(chars: &mut Peekable<Chars<'_>>, mut digits: String, radix: u32, most: usize) -> char {
    while digits.len() < most
        && let Some(digit) = chars.next_if(|c| c.is_digit(radix))
    {
        digits.push(digit);
    }
    let code = u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32);
    code.filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_what_they_stand_for() {
        assert_eq!(decode(r"\x63u\162\u006c\'\n"), "curl'\n");
        assert_eq!(decode(r"a\x01\cA"), "a\u{1}\u{1}A");
    }
}
