//! The words of a value, with systemd's quotes and escapes.

/// The words of a value; `None` where a quote is left open, or for an escape that is none.
#[must_use]
pub fn words(value: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().push(escape(&mut chars)?),
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => word.get_or_insert_default().push(c),
            '"' | '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let first = chars.next()?;
    Some(match first {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        's' => ' ',
        '\\' | '"' | '\'' => first,
        'x' => number(chars, 2, 16)?,
        'u' => number(chars, 4, 16)?,
        'U' => number(chars, 8, 16)?,
        '0'..='7' => {
            let rest: String = chars.take(2).collect();
            code(&format!("{first}{rest}"), 3, 8)?
        }
        _ => return None,
    })
}

fn number(chars: &mut std::str::Chars<'_>, digits: usize, radix: u32) -> Option<char> {
    code(&chars.take(digits).collect::<String>(), digits, radix)
}

fn code(text: &str, digits: usize, radix: u32) -> Option<char> {
    let complete = text.len() == digits && text.chars().all(|c| c.is_digit(radix));
    // NUL can't be in an argument.
    u32::from_str_radix(text, radix).ok().filter(|&code| complete && code != 0).and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_and_decodes() {
        for (value, expected) in [
            ("", &[][..]),
            ("  a   b\t", &["a", "b"]),
            ("\"a b\" 'c d'", &["a b", "c d"]),
            ("--pri'vil'eged", &["--privileged"]),
            (r"--priv\x69leged", &["--privileged"]),
            (r"--priv\151leged", &["--privileged"]),
            (r"a\sb", &["a b"]),
            (r"'a\'b'", &["a'b"]),
            ("''", &[""]),
            (r"\u00e4", &["ä"]),
        ] {
            assert_eq!(words(value).unwrap(), expected, "{value}");
        }
        for value in ["'a", "\"a", "a\\", r"\q", r"\x6", r"\x00", r"\800", r"\ud800", r"\x+1"] {
            assert_eq!(words(value), None, "{value}");
        }
    }
}
